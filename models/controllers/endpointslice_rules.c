#include "models/controllers/endpointslice_rules.h"

#include <assert.h>

#include "models/world.h"

static size_t length_of(const struct slice_fill *s)
{
    return s->kept + s->added;
}

static size_t fill(struct slice_fill *s, size_t more, size_t max)
{
    size_t room = max > length_of(s) ? max - length_of(s) : 0;
    size_t added = more < room ? more : room;

    s->added += added;
    return more - added;
}

/* The fullest slice that is to be written and has room; NULL: none. */
static struct slice_fill *fullest(struct slice_fill *slices, size_t count,
                                  size_t max)
{
    struct slice_fill *best = NULL;

    for (size_t i = 0; i < count; i++) {
        struct slice_fill *s = &slices[i];

        if (s->action == SLICE_UPDATE && length_of(s) < max &&
            (!best || length_of(s) > length_of(best)))
            best = s;
    }
    return best;
}

/* The unchanged slice that `more` endpoints fill best; NULL: none. */
static struct slice_fill *best_fit(struct slice_fill *slices, size_t count,
                                   size_t more, size_t max)
{
    struct slice_fill *best = NULL;

    for (size_t i = 0; i < count; i++) {
        struct slice_fill *s = &slices[i];

        if (s->action == SLICE_SAME && s->kept + more <= max &&
            (!best || s->kept > best->kept))
            best = s;
    }
    return best;
}

static void begin(struct slice_fill *s)
{
    assert(s->kept <= s->length);
    s->added = 0;
    s->action = SLICE_SAME;
    if (s->changed || s->kept != s->length)
        s->action = s->kept ? SLICE_UPDATE : SLICE_DELETE;
}

size_t endpointslice_pack(struct slice_fill *slices, size_t count, size_t more,
                          size_t max, size_t *sizes)
{
    struct slice_fill *s;
    size_t made = 0;

    assert(max >= 1);
    for (size_t i = 0; i < count; i++)
        begin(&slices[i]);
    while (more > 0 && (s = fullest(slices, count, max)))
        more = fill(s, more, max);
    while (more > 0) {
        s = more < max ? best_fit(slices, count, more, max) : NULL;
        if (s) {
            more = fill(s, more, max);
            s->action = SLICE_UPDATE;
        } else {
            sizes[made] = more < max ? more : max;
            more -= sizes[made++];
        }
    }
    return made;
}

bool endpointslice_lists(bool ended, bool has_ip, bool terminating,
                         bool include_terminating)
{
    return !ended && has_ip && (include_terminating || !terminating);
}

unsigned endpointslice_flags(bool pod_ready, bool pod_terminating,
                             bool publish_not_ready)
{
    unsigned flags = 0;

    if (publish_not_ready || (pod_ready && !pod_terminating))
        flags |= ENDPOINT_READY;
    if (pod_ready)
        flags |= ENDPOINT_SERVING;
    if (pod_terminating)
        flags |= ENDPOINT_TERMINATING;
    return flags;
}

bool endpointslice_pod_changed(const struct slice_pod *before,
                               const struct slice_pod *now, bool *labels)
{
    *labels = before->labels != now->labels;
    return before->ips != now->ips || before->ready != now->ready ||
           before->terminating != now->terminating ||
           before->ended != now->ended || before->node != now->node;
}
