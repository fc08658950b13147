/*
 * service_cases - which pods are endpoints, and in which slices they are.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "models/controllers/endpointslice_rules.h"
#include "models/world.h"
#include "tests/conformance/conformance.h"

enum { MOST_SLICES = 512 };

/* --- packing --- */

static int by_length(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;

    return (x > y) - (x < y);
}

struct packing {
    struct slice_fill slices[MOST_SLICES];
    size_t count;
    size_t added[MOST_SLICES]; /* lengths of new slices */
    size_t lengths[2 * MOST_SLICES];
    size_t length_count;
    int64_t created, updated, deleted, endpoints;
};

static void read_slices(struct test_case *c, struct packing *p)
{
    struct doc_node *length, *changed;

    get_items(c->in, "existingSliceLengths", &length);
    get_items(c->in, "endpointsTurnedUnreadyPerSlice", &changed);
    for (; length && p->count < MOST_SLICES; length = length->next) {
        struct slice_fill *slice = &p->slices[p->count++];

        slice->length = slice->kept = (size_t)item_int(c, length);
        slice->changed = changed && item_int(c, changed) > 0;
        changed = changed ? changed->next : NULL;
    }
}

/* Other ports: no slice there is fits any more. */
static void drop_all(struct packing *p)
{
    for (size_t i = 0; i < p->count; i++)
        p->slices[i].kept = 0;
}

static void tally_slices(struct packing *p, size_t news)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct slice_fill *slice = &p->slices[i];

        p->updated += slice->action == SLICE_UPDATE;
        p->deleted += slice->action == SLICE_DELETE;
        p->endpoints += (int64_t)slice->added;
        if (slice->action != SLICE_DELETE)
            p->lengths[p->length_count++] = slice->kept + slice->added;
    }
    for (size_t i = 0; i < news; i++) {
        p->lengths[p->length_count++] = p->added[i];
        p->endpoints += (int64_t)p->added[i];
    }
    p->created = (int64_t)news;
    qsort(p->lengths, p->length_count, sizeof *p->lengths, by_length);
}

static void expect_lengths(struct test_case *c, const struct packing *p)
{
    struct doc_node *wanted;
    size_t count = get_items(c->expect, "lengths", &wanted);

    expect_int(c, "slices", (int64_t)count, (int64_t)p->length_count);
    for (size_t i = 0; wanted && i < p->length_count;
         wanted = wanted->next, i++)
        expect_int(c, "length", item_int(c, wanted), (int64_t)p->lengths[i]);
}

void case_endpointslice_packing(struct test_case *c)
{
    struct packing *p = intern_alloc(c->intern, sizeof *p);
    int64_t pods = get_int(c, c->in, "podCount", 0);
    int64_t max = get_int(c, c->in, "maxPerSlice", 100);

    read_slices(c, p);
    if (get_bool(c->in, "portChanged", false))
        drop_all(p);
    for (size_t i = 0; i < p->count; i++)
        pods -= (int64_t)p->slices[i].kept;
    if (pods < 0 || pods / max + 1 > MOST_SLICES) {
        case_skip(c, "fewer pods than endpoints, or too many");
        return;
    }
    tally_slices(p, endpointslice_pack(p->slices, p->count, (size_t)pods,
                                       (size_t)max, p->added));
    expect_lengths(c, p);
    expect_int(c, "created", get_int(c, c->expect, "created", 0), p->created);
    expect_int(c, "updated", get_int(c, c->expect, "updated", 0), p->updated);
    expect_int(c, "deleted", get_int(c, c->expect, "deleted", 0), p->deleted);
    if (doc_get(c->expect, "addedEndpoints"))
        expect_int(c, "added endpoints",
                   get_int(c, c->expect, "addedEndpoints", 0), p->endpoints);
}

/* --- membership and conditions --- */

void case_pod_in_endpoints(struct test_case *c)
{
    const char *phase = doc_text(c->in, "phase");
    bool ended = phase && (strcmp(phase, "Succeeded") == 0 ||
                           strcmp(phase, "Failed") == 0);

    expect_bool(
        c, "in endpoints", get_bool(c->expect, "inEndpoints", false),
        endpointslice_lists(ended, get_bool(c->in, "hasIP", false),
                            get_bool(c->in, "terminating", false),
                            get_bool(c->in, "includeTerminating", false)));
}

void case_pod_to_endpoint_conditions(struct test_case *c)
{
    unsigned flags =
        endpointslice_flags(get_bool(c->in, "podReady", false),
                            get_bool(c->in, "podTerminating", false),
                            get_bool(c->in, "publishNotReadyAddresses", false));

    expect_bool(c, "ready", get_bool(c->expect, "ready", false),
                flags & ENDPOINT_READY);
    expect_bool(c, "serving", get_bool(c->expect, "serving", false),
                flags & ENDPOINT_SERVING);
    expect_bool(c, "terminating", get_bool(c->expect, "terminating", false),
                flags & ENDPOINT_TERMINATING);
}

/* --- what makes a Service be looked at --- */

/* Upper and lower case are the same. */
static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);

    for (; *text; text++) {
        if (strncasecmp(text, word, length) == 0)
            return true;
    }
    return false;
}

void case_pod_change(struct test_case *c)
{
    struct slice_pod before = {.ips = 1, .ready = true, .labels = 1};
    struct slice_pod after = before;
    const char *change = doc_text(c->in, "change");
    bool labels = false, endpoints;

    if (!change) {
        case_fail(c, "no change");
        return;
    }
    if (has_word(change, "ip"))
        after.ips = 2;
    else if (has_word(change, "label"))
        after.labels = 2;
    else if (has_word(change, "read"))
        after.ready = false;
    else if (has_word(change, "terminat") || has_word(change, "delet"))
        after.terminating = true;
    else if (has_word(change, "node"))
        after.node = 1;
    else if (has_word(change, "phase"))
        after.ended = true;
    else if (!has_word(change, "no change") && !has_word(change, "nothing") &&
             !has_word(change, "version")) {
        case_skip(c, "a change that is not modelled");
        return;
    }
    endpoints = endpointslice_pod_changed(&before, &after, &labels);
    expect_bool(c, "endpoints changed",
                get_bool(c->expect, "podEndpointsChanged", false), endpoints);
    expect_bool(c, "labels changed",
                get_bool(c->expect, "labelsChanged", false), labels);
}
