"""Runs podchurn and judges what it writes. Called by run.sh."""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile

import sums
from results import Result, number

PODCHURN = os.environ['PODCHURN']
WORK = tempfile.TemporaryDirectory()
verdicts = {True: 0, False: 0}


def expect(ok, label, why=''):
    verdicts[bool(ok)] += 1
    if not ok:
        print(f'FAIL  {label}: {why}')


def podchurn(*words, stdin=''):
    return subprocess.run([PODCHURN, *words], input=stdin, text=True,
                          capture_output=True, timeout=120)


def simulate(name, *words, stdin='', status=0):
    """Runs into a directory of that name; returns its Result."""
    path = f'{WORK.name}/{name}'
    done = podchurn('run', *words, '-o', path, '--no-plot', '-q', '--events',
                    stdin=stdin)
    expect(done.returncode == status, name,
           f'exit status {done.returncode}: {done.stderr}')
    return Result(path)


def all_sums():
    """Every file of a busy run, and of a bare List on standard input."""
    busy = simulate('busy', 'busy.yaml', status=3)
    with open('app.yaml') as file:
        documents = [d.replace('\n', '\n  ') for d in
                     file.read().strip().split('\n---\n')]
    items = ''.join(f'- {d}\n' for d in documents)
    bare = simulate('bare', '-', '--reps', '2', '--set',
                    'spec.output={detail: all, timeseries: 1s}',
                    stdin=f'apiVersion: v1\nkind: List\nitems:\n{items}')
    for result in (busy, bare):
        checks = [(c, ()) for c in sums.OF_RESULT]
        checks += [(c, (r,)) for c in sums.OF_REPLICATION
                   for r in result.values]
        for check, which in checks:
            wrong = list(check(result, *which))
            expect(not wrong, f'{result.run["scenario"]}: {check.__name__} '
                   f'{which}', '; '.join(wrong[:3]))
    drills = [i['incident'] for i in bare.rows('incidents')]
    expect(drills == ['rollout', 'drain', 'uncordon', 'node'], 'drills',
           drills)
    verdict = [s['verdict'] for s in busy.files['slo']]
    expect(verdict == ['met', 'missed'], 'verdicts', verdict)


def endpoint_times(result, action):
    return [float(e['time']) for e in result.rows(
        'endpoints', service='default/app', action=action)
        if float(e['time']) > 0]


def node_loss():
    """Two clocks: NotReady after the grace period, eviction 300 s later;
    with a reboot in between, the same pod with another address."""
    crash = ('{at: 2m, name: loss, fail: {nodesOf: {app: app}, pick: one}%s}')
    for version, grace in (('1.31', 40), ('1.32', 50)):
        lost = simulate(
            'lost', 'plain.yaml', '--set', f'spec.timeline=[{crash % ""}]',
            '--set', f'spec.cluster.kubernetesVersion="{version}"')
        unready = endpoint_times(lost, 'unready')[0] - 120
        terminating = endpoint_times(lost, 'terminating')[0] - 120
        expect(grace - 12 < unready < grace + 6, f'NotReady in {version}',
               unready)
        expect(300 <= terminating - unready < 310, f'eviction in {version}',
               terminating)
    boot = simulate('boot', 'plain.yaml', '--set',
                    f'spec.timeline=[{crash % ", for: 2m"}]')
    again = boot.rows('pods', sandbox='2')
    expect(len(again) == 1 and not boot.rows('pods', reason='TaintEviction'),
           'reboot', again)
    first = boot.rows('pods', pod=again[0]['pod'], sandbox='1')[0]
    expect(first['ip'] != again[0]['ip'] and again[0]['restarts'] == '1',
           'the address after a reboot', again)


def crashes():
    """The same address; at once, then after 10 s doubled to 300 s."""
    loop = simulate(
        'loop', 'plain.yaml', '--set', 'replicas=1', '--duration', '30m',
        '--set', 'spec.failures=[{name: c, target: {pods: {app: app}}, '
        'mode: crash, after: 3s}]')
    at = [float(e['time']) for e in loop.rows('events', reason='Started')]
    gaps = [round(b - a - 3.5, 1) for a, b in zip(at, at[1:])]
    expect(gaps[:8] == [0, 10, 20, 40, 80, 160, 300, 300], 'back-off', gaps)
    expect(len(loop.rows('pods')) == 1 and
           loop.values[0]['default/app', '', 'ip_churn'] == 0,
           'the address of a crashed pod', loop.rows('pods'))


def termination():
    """preStop is part of the grace period; SIGKILL at its end, but 2 s are
    left after preStop."""
    for hook, how, low, high in (('0s', 'drain', 0, 1), ('5s', 'drain', 5, 6),
                                 ('40s', 'drain', 20, 21),
                                 ('40s', 'ignore', 22, 23),
                                 ('0s', 'ignore', 20, 21)):
        result = simulate(
            'stop', 'plain.yaml', '--set', f'preStop={hook}', '--set',
            f'spec.workloads[0].onTerminate={how}', '--set',
            'spec.timeline=[{at: 1m, kubectl: delete pod -l app=app}]')
        took = [float(p['gone']) - float(p['deleted'])
                for p in result.rows('pods', reason='Deleted')]
        expect(len(took) == 4 and low <= min(took) and max(took) < high,
               f'preStop {hook}, {how}', took)
        incident = result.rows('incidents')[0]
        expect((incident['ips_added'], incident['ips_removed']) ==
               ('4', '4'), 'what a deletion replaces', incident)


def most_and_least(result):
    """Pods that are not terminating, and those of them that are ready.

    One more for less than half a second is no breach: the Deployment's limit
    is on what it asks for, and one ReplicaSet may be served before the other.
    """
    events = []
    for p in result.rows('pods'):
        end = min(number(p[c]) or 1e9 for c in ('deleted', 'gone'))
        events += [(float(p['created']), 1, 0), (end, -1, 0)]
        if p['ready']:
            events += [(float(p['ready']), 0, 1), (end, 0, -1)]
    events.sort()
    pods = ready = most = 0
    least = 99
    for (time, a, b), after in zip(events, events[1:]):
        pods, ready = pods + a, ready + b
        if 0 < time < 1e9:
            least = min(least, ready)
            if after[0] - time >= 0.5:
                most = max(most, pods)
    return most, least


def rollouts():
    """maxSurge is rounded up, maxUnavailable down; Recreate waits."""
    for strategy, most, least in (
            ('{}', 13, 8),
            ('{rollingUpdate: {maxSurge: 0, maxUnavailable: 3}}', 10, 7),
            ('{rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}', 11, 10),
            ('{type: Recreate}', 10, 0)):
        got = most_and_least(simulate(
            'roll', 'plain.yaml', '--set', 'replicas=10', '--set',
            f'deployment/app:spec.strategy={strategy}', '--set',
            'spec.timeline=[{at: 1m, '
            'kubectl: rollout restart deployment/app}]'))
        expect(got == (most, least), f'rollout {strategy}', got)


def blame():
    """Probes that overload fails long after a rollout are not its doing."""
    result = simulate(
        'blame', 'plain.yaml', '--set', 'spec.workloads[0].concurrency=1',
        '--set', 'spec.timeline=[{at: 1m, name: roll, kubectl: rollout '
        'restart deployment/app}, {at: 8m, name: burst, traffic: {users: '
        '{rate: 400/s}}, for: 2m}]')
    roll = result.rows('incidents', incident='roll')[0]
    unready = [t for t in endpoint_times(result, 'unready') if t > 480]
    expect(unready and float(roll['recovery_time'] or 0) < 60,
           'a rollout and a later overload', (roll, unready[:3]))


def allocators():
    """An address rests for reuseDelay; without, the lowest comes again."""
    kills = ('spec.failures=[{name: k, target: {pods: {app: app}}, mode: '
             'kill, after: {exponential: {mean: 2m}}}]')
    for delay, low, high in ((0, 0, 30), (30, 30, 1e9)):
        result = simulate('ipam', 'plain.yaml', '--set', kills, '--set',
                          f'spec.cluster.ipam={{allocator: lowest, '
                          f'reuseDelay: {delay}s}}')
        value = result.values[0]['default/app', '', 'ip_reuse_interval_min']
        expect(value and low <= value < high, f'reuseDelay {delay}', value)


def formats():
    done = podchurn('run', 'plain.yaml', '--no-plot', '--format', 'json',
                    '-o', f'{WORK.name}/json', '--slo', 'latency_p99 < 1s')
    data = json.loads(done.stdout)
    expect(data['metrics'] and data['slo'][0]['verdict'] == 'not proven',
           'json', data['slo'])
    done = podchurn('run', 'plain.yaml', '--no-plot', '--format', 'csv',
                    '-o', f'{WORK.name}/csv')
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    expect(len(rows) == len(data['metrics']), 'csv', len(rows))
    for words in (['plain.yaml'], ['app.yaml', '--reps', '1']):
        lines = podchurn('run', *words, '--no-plot', '-o',
                         f'{WORK.name}/table').stdout
        lines = lines.replace(WORK.name, 'results').splitlines()
        expect(0 < len(lines) <= 30 and max(map(len, lines)) <= 80,
               f'the summary of {words[0]}', (len(lines),
                                              max(map(len, lines))))


def printed():
    """check --print is a scenario, complete, and prints as itself."""
    for words in (['busy.yaml'], ['app.yaml']):
        first = podchurn('check', *words, '--print').stdout
        again = podchurn('check', '-', '--print', stdin=first).stdout
        expect(first and first == again.replace('"stdin"', '"app"'),
               f'check --print {words[0]}', 'differs')


def statuses():
    os.mkdir(f'{WORK.name}/other')
    with open(f'{WORK.name}/other/file', 'w'):
        pass
    run = ['run', 'plain.yaml', '--no-plot', '-q', '-o', f'{WORK.name}/s']
    never = ['--slo', 'request_availability > 1']
    proof = ['--slo', 'latency_p99 < 1s']
    for words, status in (
            (['--version'], 0), (['help'], 0), (['help', 'run'], 0),
            ([], 2), (['nonsense'], 2), (['run'], 2), (['list', 'x'], 2),
            (run, 0), (run + never, 3), (run + proof, 0),
            (run + proof + ['--strict'], 3), (run + ['--nonsense'], 2),
            (run + ['--reps', '0'], 2), (run + ['--format', 'xml'], 2),
            (run + ['--precision', '0'], 2), (run + ['--drill', ''], 2),
            (run + ['--set', 'spec.nonsense=1'], 2),
            (run + ['--set', 'strategy={p2c: {choices: 3'], 2),
            (run + ['--set', 'strategy={p2c: {choices: 3}}'], 0),
            (run + ['--slo', 'nonsense > 1'], 2),
            (run[:-1] + [f'{WORK.name}/other'], 2),
            (run[:-1] + ['/dev/full/x'], 2),
            (['plot', f'{WORK.name}/other'], 2),
            (['check', 'missing.yaml'], 2)):
        done = podchurn(*words)
        label = ' '.join(words).replace(WORK.name, 'DIR')
        expect(done.returncode == status, label,
               f'exit status {done.returncode}: {done.stderr}')
        expect(status != 2 or done.stderr or not words, label, 'no word')
    expect(os.listdir(f'{WORK.name}/other') == ['file'], 'another\'s files')
    with open('/dev/full', 'w') as full:
        done = subprocess.run([PODCHURN, *run[:3], *run[4:]], stdout=full,
                              stderr=subprocess.DEVNULL)
    expect(done.returncode == 1, 'a full disk', done.returncode)


def main():
    for case in (statuses, formats, printed, all_sums, node_loss, crashes,
                 termination, rollouts, blame, allocators):
        case()
    print(f'{verdicts[True]} passed, {verdicts[False]} failed, 0 skipped')
    return verdicts[False] > 0


sys.exit(main())
