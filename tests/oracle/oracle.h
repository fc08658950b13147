/*
 * oracle - recordings of a real control plane against the models. One file
 * a task; the flow of a recording:
 *
 *   recording.c  reads params.json, nodes.json, manifests.yaml, inputs.jsonl
 *   events.c     events.jsonl -> a trace: what the real controllers did
 *   script.c     the same inputs as a scenario: nodes and a timeline
 *   replay.c     runs it, with fake_kubelet.c for the nodes and faults.c for
 *                what was done to pods and nodes; watch.c -> a trace
 *   rollouts.c, counts.c ... one aspect each: compare the two traces
 *
 * Both traces have one form (trace.h), so an aspect does not know which of
 * them is the model's. Which aspects apply follows from what was done and
 * what was seen, never from a recording's name.
 *
 * Inputs name pods as they were called then. A model's pod stands for the
 * recorded one that its owner made as the k-th; where chance chose among
 * equals, for any equal one (pairing.c). Where chance decided a placement,
 * the model's scheduler takes the recorded node if that is among its own
 * best; how often it is not is an aspect of its own.
 */
#ifndef TESTS_ORACLE_ORACLE_H
#define TESTS_ORACLE_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "models/intern.h"
#include "sim/engine/mem.h"
#include "sim/io/doc.h"
#include "tests/oracle/trace.h"

/* Something that was done. */
struct input {
    double t;
    const char *verb;
    struct doc_node *root; /* the line */
};

struct recording {
    const char *path, *name;
    struct intern *intern;
    struct doc_set *docs; /* all but the events */
    struct doc_node *params;
    struct doc_node *nodes; /* nodes.json */
    VEC_OF(struct doc_node *) manifests;
    VEC_OF(struct input) inputs;
    struct trace *trace;
    double end;                 /* of the recording */
    double start, jitter, term; /* of the fake kubelet, s */
};

/* Reads a folder. False: it cannot be read; says why on standard output. */
bool recording_read(struct recording *r, const char *folder, const char *name);
void recording_release(struct recording *r);
/* The path of a file of the recording. Intern's memory. */
const char *recording_file(const struct recording *r, const char *name);
bool recording_has(const struct recording *r, const char *name);
/* The path of the nth file, in order of names, that begins and ends so; NULL:
 * there are not so many. Intern's memory. */
const char *recording_match(const struct recording *r, const char *prefix,
                            const char *suffix, size_t nth);
/* A number among the parameters; `otherwise` where there is none. */
double recording_number(const struct recording *r, const char *key,
                        double otherwise);
/* A number under key; `otherwise` where there is none or it is none. */
double node_number(struct doc_node *map, const char *key, double otherwise);
/* Calls line(self, root) for each line of a file of JSON lines. */
bool lines_read(const char *path, struct doc_set *keep,
                void (*line)(void *self, struct doc_node *root), void *self);

/* Whether it sets a pod's deletion cost (`annotate`), and to what. */
bool input_cost(const struct input *in, int32_t *cost);

/* events.c */
bool events_read(struct recording *r);

/* probes.c: probe*.csv (t, answered_by) -> the trace's hits, where there is
 * one; connections follow one another all along. */
bool probes_read(struct recording *r);
/* synclog.c: of the syncs in kube-proxy's log. False: there are none. */
bool sync_times(const struct recording *r, double *median, double *most);

/* --- verdicts --- */

struct report {
    const char *recording;
    size_t passed, failed, skipped;
    double worst;          /* largest time error, s */
    char worst_where[120]; /* and of what */
    double worst_count;    /* largest difference of a count */
};

void report_begin(struct report *report, const struct recording *r);
/* recording, aspect, expected, got, tolerance, verdict */
void report_text(struct report *report, bool ok, const char *aspect,
                 const char *expected, const char *got, const char *tolerance);
void report_count(struct report *report, const char *aspect, double expected,
                  double got, double tolerance);
/* Times in seconds; NaN for both passes. */
void report_time(struct report *report, const char *aspect, double expected,
                 double got, double tolerance);
/* Passes where got is within the range, whatever exactly was recorded. */
void report_range(struct report *report, const char *aspect, double expected,
                  double got, double low, double high);
void report_skip(struct report *report, const char *aspect, const char *why);
void report_end(struct report *report);

/* --- the model's side --- */

/* Replays the recording; a new trace. NULL: it could not be, and why was
 * said. `seed` draws what chance decides. report: NULL, or is told which
 * kinds the models do not have. */
struct trace *replay(const struct recording *r, uint64_t seed,
                     struct report *report);

/* --- aspects --- */

/* Replays with other dice that are tried where chance decides, at most. */
enum { REPLAYS = 200 };

/* What one aspect needs: the recording, and the replay that it is compared
 * with. Where chance decides, comparison_model gives further ones. */
struct comparison {
    const struct recording *r;
    struct trace *model;
    struct report *report;
    struct trace **more; /* REPLAYS; NULL: not yet run */
};

/* The i-th replay, i < REPLAYS; 0: c->model. */
const struct trace *comparison_model(const struct comparison *c, size_t i);

typedef void aspect_function(const struct comparison *c);
aspect_function aspect_counts, aspect_rollouts, aspect_endpoints,
    aspect_reactions, aspect_nodes, aspect_victims, aspect_churn,
    aspect_evictions, aspect_hints, aspect_node_steps, aspect_ordinals,
    aspect_autoscaling, aspect_scheduling, aspect_data_path;

/* Something that is measured in both traces; `what` is the aspect's own. */
typedef double measure_function(const struct trace *t, const void *what);
/* Compares it; where the replay differs by more than the tolerance, whether
 * another one does not: chance may have decided. unit: "" of counts, else
 * "s". */
void report_measure(const struct comparison *c, const char *aspect,
                    measure_function *measure, const void *what,
                    double tolerance, const char *unit);

/* Whether the models have the owner of pods, or pods that a Service selects;
 * else there is nothing to compare. */
bool models_owner(const struct comparison *c, const char *owner);
bool models_service(const struct comparison *c, const char *service);

/* A part of the recording from one change of what is wanted to the next. */
struct phase {
    double from, to;
    const struct input *input; /* that began it */
};

/* phases.c: creations, patches and deletions that come within a second begin
 * one. What follows from something that the models do not have, an eviction
 * or an autoscaler, is left out. The caller frees the array. */
struct phase *phases_of(const struct recording *r, size_t *count);
/* "12.3 patch Deployment/web: " of a phase. */
const char *phase_name(const struct recording *r, const struct phase *phase);
/* Faults at random, all along: nothing but averages can be compared. */
bool is_churn(const struct recording *r);

/* --- measure.c --- */

enum counted { COUNT_LIVE, COUNT_READY, COUNT_EXISTING };
/* Least and most of an owner's pods within a time: of those that live
 * (neither ended nor terminating), are ready among these, or exist. */
void count_range(const struct trace *t, const char *owner, enum counted what,
                 double from, double to, int *least, int *most);
/* How many steps of a kind an owner's pods took within a time. */
size_t count_steps(const struct trace *t, const char *owner,
                   enum step_kind kind, double from, double to);
/* When the first such step after `from` was, up to `to`; NaN: none. owner
 * NULL: any. */
double first_step(const struct trace *t, const char *owner, enum step_kind kind,
                  double from, double to);
double last_step(const struct trace *t, const char *owner, enum step_kind kind,
                 double from, double to);
/* A Service's ready endpoints; least within a time. */
void endpoints_range(const struct trace *t, const char *service, double from,
                     double to, int *least, int *most);
/* The last step about a Service's endpoints at or before `at`; NULL: none. */
const struct trace_step *endpoints_at(const struct trace *t,
                                      const char *service, double at);

#endif
