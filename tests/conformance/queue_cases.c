/*
 * queue_cases - the station that requests wait at (models/traffic/queue.h):
 * first come first served, processor sharing. It has no priorities and
 * preempts nobody: such cases are passed over.
 */
#include <stdio.h>
#include <string.h>

#include "models/traffic/queue.h"
#include "sim/engine/dist.h"
#include "tests/conformance/conformance.h"

enum { MOST_JOBS = 256 };

struct station {
    struct test_case *c;
    struct sim *sim;
    struct queues queues;
    struct queue queue;
    size_t count;
    struct job {
        sim_time arrival, work;
        sim_time start, end; /* SIM_NEVER: not */
        size_t laps;         /* how often it comes again at once */
        size_t next_lap;     /* index of the job that stands for it; 0: none */
    } jobs[MOST_JOBS];
};

static void on_arrival(struct sim *sim, void *self, struct event_args args)
{
    struct station *s = self;

    (void)sim;
    queue_enter(&s->queue, s->jobs[args.subject].work, args.subject, 0, 0);
}
static const struct event_type arrival = {"case.arrival", 0, on_arrival};

static void on_served(void *self, struct queue *queue,
                      const struct queue_job *job)
{
    struct station *s = self;
    struct job *j = &s->jobs[job->user];

    j->start = job->start;
    j->end = sim_now(s->sim);
    if (j->next_lap)
        queue_enter(queue, s->jobs[j->next_lap].work, j->next_lap, 0, 0);
}

static size_t add_job(struct station *s, sim_time at, sim_time work)
{
    if (s->count == MOST_JOBS) {
        case_fail(s->c, "more than %d jobs", MOST_JOBS);
        return 0;
    }
    s->jobs[s->count] = (struct job){
        .arrival = at, .work = work, .start = SIM_NEVER, .end = SIM_NEVER};
    return s->count++;
}

/* at: index of the arrival in a job's list. */
static void read_jobs(struct station *s, size_t at)
{
    struct doc_node *job;

    get_items(s->c->in, "jobs", &job);
    for (; job; job = job->next) {
        const struct doc_node *field = job->first;

        for (size_t i = 0; i < at && field; i++)
            field = field->next;
        if (!field || !field->next) {
            case_fail(s->c, "a job without arrival and service");
            return;
        }
        add_job(s, sim_seconds(item_double(s->c, field)),
                sim_seconds(item_double(s->c, field->next)));
    }
}

static void begin(struct station *s, struct test_case *c, int64_t servers,
                  int64_t sharers, int64_t limit)
{
    memset(s, 0, sizeof *s);
    s->c = c;
    s->sim = sim_new(0);
    queues_init(&s->queues, s->sim, on_served, s);
    queue_init(&s->queue, &s->queues, servers, sharers, limit);
}

static void run(struct station *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (s->jobs[i].arrival != SIM_NEVER)
            sim_at(s->sim, s->jobs[i].arrival, &arrival, s,
                   (struct event_args){i, 0});
    }
    sim_run(s->sim);
}

static void end(struct station *s)
{
    queue_release(&s->queue);
    queues_release(&s->queues);
    sim_free(s->sim);
}

static void expect_time(struct test_case *c, const char *what, size_t job,
                        const struct doc_node *wanted, sim_time got)
{
    char text[64];

    snprintf(text, sizeof text, "%s of job %zu", what, job);
    expect_near(c, text, item_double(c, wanted), sim_to_seconds(got), 2e-9);
}

void case_fcfs_trace(struct test_case *c)
{
    int64_t servers = get_int(c, c->in, "servers", 1);
    struct doc_node *wanted;
    struct station s;
    size_t i = 0;

    begin(&s, c, servers, servers, QUEUE_UNLIMITED);
    read_jobs(&s, 0);
    run(&s);
    get_items(c->expect, "start_end", &wanted);
    for (; wanted && i < s.count; wanted = wanted->next, i++) {
        expect_time(c, "start", i, wanted->first, s.jobs[i].start);
        expect_time(c, "end", i, wanted->last, s.jobs[i].end);
    }
    expect_int(c, "jobs", (int64_t)i, (int64_t)s.count);
    end(&s);
}

void case_processor_sharing(struct test_case *c)
{
    const char *text = doc_text(c->in, "sharers");
    int64_t sharers = QUEUE_UNLIMITED;
    struct doc_node *wanted;
    struct station s;
    size_t i = 0;

    if (text && strcmp(text, "unlimited") != 0)
        sharers = get_int(c, c->in, "sharers", 1);
    begin(&s, c, get_int(c, c->in, "servers", 1), sharers, QUEUE_UNLIMITED);
    read_jobs(&s, 0);
    run(&s);
    get_items(c->expect, "departures", &wanted);
    for (; wanted && i < s.count; wanted = wanted->next, i++)
        expect_time(c, "departure", i, wanted, s.jobs[i].end);
    expect_int(c, "jobs", (int64_t)i, (int64_t)s.count);
    end(&s);
}

/* --- resource --- */

/* The named job's place in `jobs`. */
static size_t job_named(const struct station *s, const char *name)
{
    struct doc_node *job;
    size_t i = 0;

    get_items(s->c->in, "jobs", &job);
    for (; job && i < s->count; job = job->next, i++) {
        if (job->first && strcmp(job->first->text, name) == 0)
            return i;
    }
    return s->count;
}

static void expect_named(struct station *s, const char *key, bool start)
{
    struct doc_node *wanted;

    get_items(s->c->expect, key, &wanted);
    for (; wanted; wanted = wanted->next) {
        bool pair = wanted->kind == DOC_SEQUENCE;
        const char *name = pair ? wanted->first->text : wanted->key;
        size_t i = job_named(s, name ? name : "");

        if (i == s->count)
            case_fail(s->c, "no job '%s'", name ? name : "");
        else
            expect_time(s->c, key, i, pair ? wanted->last : wanted,
                        start ? s->jobs[i].start : s->jobs[i].end);
    }
}

/* Clients that seize, hold, release, and ask again at once. */
static void loop_clients(struct station *s)
{
    size_t clients = (size_t)get_int(s->c, s->c->in, "loopingClients", 0);
    size_t laps = (size_t)get_int(s->c, s->c->in, "repetitions", 1);
    sim_time hold = sim_seconds(get_double(s->c, s->c->in, "holdTime", 1));
    struct doc_node *wanted;

    for (size_t i = 0; i < clients; i++)
        add_job(s, 0, hold);
    for (size_t lap = 1; lap < laps; lap++) {
        for (size_t i = 0; i < clients; i++) {
            size_t before = (lap - 1) * clients + i;

            s->jobs[before].next_lap = add_job(s, SIM_NEVER, hold);
        }
    }
    run(s);
    get_items(s->c->expect, "acquireTimes", &wanted);
    for (size_t i = 0; wanted && i < clients; wanted = wanted->next, i++) {
        const struct doc_node *at = wanted->first;

        for (size_t lap = 0; at && lap < laps; at = at->next, lap++)
            expect_time(s->c, "start", lap * clients + i, at,
                        s->jobs[lap * clients + i].start);
    }
}

void case_resource(struct test_case *c)
{
    int64_t capacity = get_int(c, c->in, "capacity", 1);
    struct station s;

    if (doc_get(c->in, "discipline") || doc_get(c->in, "process")) {
        case_skip(c, "stations have no priorities, preemption or failures");
        return;
    }
    begin(&s, c, capacity, capacity,
          get_int(c, c->in, "queueSize", QUEUE_UNLIMITED));
    if (doc_get(c->in, "loopingClients")) {
        loop_clients(&s);
    } else {
        read_jobs(&s, 1);
        run(&s);
        expect_named(&s, "starts", true);
        expect_named(&s, "end", false);
    }
    end(&s);
}
