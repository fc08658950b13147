"""What must hold within and between the files of any result. Each function
yields what is wrong with a Result, or with one replication of it, in words."""
import collections
import math

from results import CAUSES, near, number, student


def headers(result):
    for name in result.bad_headers:
        yield f'{name}.csv has other columns'
    for name, rows in result.files.items():
        for row in rows:
            if None in row or None in row.values():
                yield f'{name}.csv: a row of another length: {row}'
                break


def intervals(result):
    """metrics.csv from replications.csv."""
    for row in result.files['metrics']:
        key = row['service'], row['traffic'], row['metric']
        values = [v[key] for _, v in sorted(result.values.items())
                  if v[key] is not None]
        n = len(values)
        if int(row['replications']) != n:
            yield f'{key}: {row["replications"]} replications, not {n}'
        if n == 0:
            if any(row[c] for c in ('mean', 'ci_low', 'stddev', 'min')):
                yield f'{key}: a value of nothing'
            continue
        mean = math.fsum(values) / n
        if not near(number(row['mean']), mean):
            yield f'{key}: mean {row["mean"]}, not {mean}'
        if (number(row['min']), number(row['max'])) != (min(values),
                                                        max(values)):
            yield f'{key}: min {row["min"]}, max {row["max"]}'
        if n == 1:
            if row['stddev'] or row['ci_low'] or row['ci_high']:
                yield f'{key}: a spread of one value'
            continue
        spread = math.sqrt(math.fsum((v - mean) ** 2 for v in values)
                           / (n - 1))
        half = student(n - 1) * spread / math.sqrt(n)
        low, high = number(row['ci_low']), number(row['ci_high'])
        if not near(number(row['stddev']), spread, 1e-7):
            yield f'{key}: stddev {row["stddev"]}, not {spread}'
        if not near(low, mean - half, 1e-7) and low != 0:
            yield f'{key}: ci_low {low}, not {mean - half}'
        if not near(high, mean + half, 1e-7) and high != 1:
            yield f'{key}: ci_high {high}, not {mean + half}'


def requests(result, r):
    """Every request ends in one way, every attempt too."""
    v = result.values[r]
    for k in result.clients():
        of = {m: v[k + (m,)] for m in (
            'requests', 'requests_succeeded', 'requests_failed',
            'requests_abandoned', 'attempts', 'retries',
            'request_availability')}
        ended = of['requests_succeeded'] + of['requests_failed']
        failed = sum(v[k + ('failed_' + c,)] for c in CAUSES)
        cancelled = v.get(k + ('attempts_cancelled',), 0)
        open_ones = (of['attempts'] - of['requests_succeeded'] - failed
                     - cancelled)
        if of['requests'] != ended + of['requests_abandoned']:
            yield f'{k}: requests are lost: {of}'
        if of['attempts'] != of['requests'] + of['retries']:
            yield f'{k}: attempts are lost: {of}'
        if not 0 <= open_ones <= of['requests_abandoned']:
            yield f'{k}: {open_ones} attempts ended in no way'
        if ended and not near(of['request_availability'],
                              of['requests_succeeded'] / ended):
            yield f'{k}: availability {of}'


def failures(result, r):
    """failures.csv and incidents.csv against the metrics."""
    v = result.values[r]
    rows = result.rows('failures', r)
    for k in result.clients():
        mine = [f for f in rows if f['service'] == k[0]
                and k[1] in ('', f['traffic'])]
        for cause in CAUSES:
            n = sum(int(f['attempts']) for f in mine if f['cause'] == cause)
            if n != v[k + ('failed_' + cause,)]:
                yield f'{k}: {n} attempts failed by {cause} in failures.csv'
        n = sum(int(f['requests']) for f in mine)
        if n != v[k + ('requests_failed',)]:
            yield f'{k}: {n} requests in failures.csv'
    incidents = result.rows('incidents', r)
    for column, of in (('requests_failed', 'requests'),
                       ('attempts_failed', 'attempts')):
        a = sum(int(i[column]) for i in incidents)
        b = sum(int(f[of]) for f in rows if f['origin_time'])
        if a != b:
            yield f'incidents have {a} {column}, failures.csv {b}'


def series(result, r):
    """timeseries.csv against the metrics: requests by arrival, ends by
    completion, so that those in flight at the end are missing."""
    v = result.values[r]
    sums = collections.defaultdict(lambda: [0, 0, 0, 0])
    for row in result.rows('timeseries', r):
        of = sums[row['service'], row['traffic']]
        for i, column in enumerate(('requests', 'succeeded', 'failed')):
            of[i] += int(row[column])
        of[3] = int(row['in_flight'])
        if row['traffic'] and (row['desired'] or row['ready']):
            yield f'pods of a traffic entry: {row}'
    for k, (asked, good, bad, late) in sums.items():
        if asked != v[k + ('requests',)]:
            yield f'{k}: {asked} requests in timeseries.csv'
        for n, metric in ((good, 'requests_succeeded'),
                          (bad, 'requests_failed')):
            if not v[k + (metric,)] - late <= n <= v[k + (metric,)]:
                yield f'{k}: {n} {metric} in timeseries.csv'


def latencies(result, r):
    """Quantiles lie in the buckets of latency.csv that hold their rank."""
    v = result.values[r]
    for k in result.clients():
        rows = result.rows('latency', r, service=k[0], traffic=k[1])
        n = sum(int(b['count']) for b in rows)
        if n != v[k + ('requests_succeeded',)]:
            yield f'{k}: {n} requests in latency.csv'
        for share, name in ((0.5, 'p50'), (0.9, 'p90'), (0.99, 'p99'),
                            (0.999, 'p999'), (1, 'max')):
            seen, at = 0, None
            for at in rows:
                seen += int(at['count'])
                if seen >= math.ceil(share * n):
                    break
            value = v[k + ('latency_' + name,)]
            if at and not (float(at['low']) - 1e-9 <= value
                           <= float(at['high']) + 1e-9):
                yield f'{k}: {name} is {value}, its bucket {at}'


def follow(rows, end, wrong):
    """Sums over a Service's rows of endpoints.csv in measured time."""
    listed, ready = set(), set()
    last, count = 0.0, 0
    of = dict(up=0.0, listed=0.0, changes=0, add=0, remove=0)
    for row in rows + [dict(time=end, action='end')]:
        time = min(float(row['time']), end)
        if time > 0:
            of['up'] += (time - last) * (count > 0)
            of['listed'] += (time - last) * len(listed)
            last = time
        action = row['action']
        if action == 'end':
            return of
        at = row['ip'], row['pod']
        if 0 <= time < end:
            of['changes'] += 1
            of[action] = of.get(action, 0) + 1
        if (action == 'add') == (at in listed):
            wrong.append(f'{action} of {at} at {time}')
        (listed.discard if action == 'remove' else listed.add)(at)
        born_ready = action == 'add' and int(row['endpoints']) > len(ready)
        (ready.add if action == 'ready' or born_ready else ready.discard)(at)
        count = int(row['endpoints'])
        if count != len(ready):
            wrong.append(f'{count} endpoints at {time}, not {len(ready)}')


def endpoints(result, r):
    """Churn, lifetime, availability from endpoints.csv and ready.csv."""
    v = result.values[r]
    end = result.end()
    for service in result.services():
        time = [float(x['seconds'])
                for x in result.rows('ready', r, service=service)]
        lived = sum(time)
        wrong = []
        of = follow(result.rows('endpoints', r, service=service), end, wrong)
        for text in wrong:
            yield f'{service}: {text}'
        expected = {
            'ip_churn': of['add'] + of['remove'],
            'endpoint_changes': of['changes'],
            'endpoint_availability': of['up'] / lived,
            'pod_ip_lifetime_mean':
                of['listed'] / of['remove'] if of['remove'] else None}
        for metric, value in expected.items():
            if not near(v[service, '', metric], value, 1e-6):
                yield (f'{service}: {metric} is {v[service, "", metric]}, '
                       f'endpoints.csv says {value}')


def pods(result, r):
    """An address belongs to one sandbox at a time; its life is in order."""
    v = result.values[r]
    by_ip = collections.defaultdict(list)
    for row in result.rows('pods', r):
        times = [number(row[c]) for c in
                 ('created', 'scheduled', 'started', 'ready')]
        times = [t for t in times if t is not None]
        if times != sorted(times):
            yield f'a life out of order: {row}'
        by_ip[row['ip']].append(
            (float(row['started']), number(row['gone']) or math.inf))
    gaps = []
    for ip, spans in by_ip.items():
        spans.sort()
        for before, after in zip(spans, spans[1:]):
            if after[0] < before[1]:
                yield f'two pods with {ip}: {before}, {after}'
            elif after[0] >= 0:
                gaps.append(after[0] - before[1])
    shortest = v[result.services()[0], '', 'ip_reuse_interval_min']
    if not near(min(gaps) if gaps else None, shortest, 1e-6):
        yield f'ip_reuse_interval_min is {shortest}, pods.csv: {min(gaps)}'


def replicas(result, r):
    """A recovery is no longer than a time of the series below desired, and
    where pods were lost there is one. A row is a second."""
    v = result.values[r]
    for service in result.services():
        since, longest, lost = None, 0, False
        before = {'desired': '0', 'ready': '0'}
        for row in result.rows('timeseries', r, service=service, traffic=''):
            low = int(row['ready']) < int(row['desired'])
            if low and since is None:
                since = float(row['time'])
            elif not low:
                since = None
            if since is not None:
                longest = max(longest, float(row['time']) - since + 1)
            lost |= low and row['desired'] == before['desired'] and \
                int(row['ready']) < int(before['ready'])
            before = row
        value = v[service, '', 'recovery_time_max']
        if (value or 0) > longest + 2 or (lost and value is None):
            yield f'{service}: recovery_time_max {value}, series {longest}'


OF_RESULT = (headers, intervals)
OF_REPLICATION = (requests, failures, series, latencies, endpoints, pods,
                  replicas)
