"""A result directory, read as a stranger would, and sums over its files."""
import collections
import csv
import functools
import json
import math
import os

COLUMNS = {
    'metrics': 'scenario,variant,service,traffic,metric,unit,mean,ci_low,'
               'ci_high,stddev,min,max,replications',
    'replications': 'scenario,variant,replication,service,traffic,metric,'
                    'unit,value',
    'slo': 'variant,service,metric,during,target,mean,ci_low,ci_high,verdict',
    'incidents': 'variant,replication,incident,time,end,action,object,'
                 'requests_failed,attempts_failed,ips_added,ips_removed,'
                 'min_ready,recovery_time',
    'failures': 'variant,replication,service,traffic,cause,origin,'
                'origin_object,origin_time,first,last,attempts,requests',
    'timeseries': 'variant,replication,time,service,traffic,desired,ready,'
                  'listed,requests,succeeded,failed,latency_p50,latency_p99,'
                  'in_flight',
    'services': 'variant,replication,service,cluster_ip,type,ports,created,'
                'deleted',
    'endpoints': 'variant,replication,time,service,action,ip,pod,node,'
                 'endpoints',
    'pods': 'variant,replication,pod,owner,node,ip,created,scheduled,started,'
            'ready,deleted,gone,restarts,reason,uid,sandbox',
    'ready': 'variant,replication,service,ready,seconds',
    'events': 'variant,replication,time,type,reason,object,message',
    'latency': None,
}
CAUSES = ('no_endpoints dns connect_refused connect_timeout reset overloaded '
          'timeout misrouted app_error circuit_open').split()


def number(text):
    """A field: None where it is empty."""
    return float(text) if text else None


def near(a, b, tolerance=1e-9):
    if a is None or b is None:
        return a is b
    return abs(a - b) <= tolerance * max(1, abs(a), abs(b))


def continued_fraction(a, b, x):
    """Of the incomplete beta function: DLMF 8.17.22."""
    c, d, f = 1.0, 0.0, 1.0
    for i in range(200):
        m = i // 2
        if i == 0:
            n = 1.0
        elif i % 2 == 0:
            n = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            n = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1 / (1 + n * d)
        c = 1 + n / c
        f *= c * d
    return f - 1


def beta_share(a, b, x):
    """The regularised incomplete beta function."""
    front = math.exp(a * math.log(x) + b * math.log(1 - x) + math.lgamma(a + b)
                     - math.lgamma(a) - math.lgamma(b))
    if x > (a + 1) / (a + b + 2):
        return 1 - front / b * continued_fraction(b, a, 1 - x)
    return front / a * continued_fraction(a, b, x)


@functools.lru_cache
def student(freedom):
    """The 97.5 % quantile of Student's t."""
    low, high = 0.0, 1000.0
    for _ in range(100):
        t = (low + high) / 2
        tail = beta_share(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2
        low, high = (t, high) if tail > 0.025 else (low, t)
    return low


class Result:
    """All rows of a directory; values[replication][service, traffic,
    metric]."""

    def __init__(self, path):
        self.path = path
        self.files = {}
        self.bad_headers = []
        self.indices = {}
        for name, columns in COLUMNS.items():
            if not os.path.exists(f'{path}/{name}.csv'):
                continue
            with open(f'{path}/{name}.csv', newline='') as file:
                reader = csv.DictReader(file, strict=True)
                self.files[name] = list(reader)
            if columns and ','.join(reader.fieldnames) != columns:
                self.bad_headers.append(name)
        with open(f'{path}/run.json') as file:
            self.run = json.load(file)
        self.values = collections.defaultdict(dict)
        for r in self.files['replications']:
            key = r['service'], r['traffic'], r['metric']
            self.values[int(r['replication'])][key] = number(r['value'])

    def rows(self, name, replication=0, **where):
        """Rows of a file, of one replication, that match."""
        columns = tuple(where)
        if (name, columns) not in self.indices:
            index = collections.defaultdict(list)
            for r in self.files[name]:
                key = tuple(r[c] for c in columns)
                index[(r['replication'],) + key].append(r)
            self.indices[name, columns] = index
        key = (str(replication),) + tuple(where.values())
        return self.indices[name, columns].get(key, [])

    def end(self):
        """Of the measured time, by timeseries.csv."""
        times = sorted({float(r['time']) for r in self.files['timeseries']})
        return 2 * times[-1] - times[-2]

    def services(self):
        return [s for s in dict.fromkeys(
            k[0] for k in self.values[0]) if s]

    def clients(self):
        """(service, traffic) of all that has requests; "" for the sum."""
        return [k[:2] for k in self.values[0] if k[2] == 'requests']
