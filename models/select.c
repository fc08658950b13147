#include "models/select.h"

#include <string.h>

#include "sim/io/units.h"

enum { LABEL_MAX = 63, PREFIX_MAX = 253 };

const char label_key_expected[] =
    "a key is [PREFIX/]NAME: at most 63 letters, digits, '-', '_' and '.', "
    "the first and last no sign; PREFIX a DNS name";
const char label_value_expected[] =
    "a value is at most 63 letters, digits, '-', '_' and '.', the first and "
    "last no sign, or empty";

static bool is_sign(char c)
{
    return c == '-' || c == '_' || c == '.';
}

static bool is_part(const char *text, size_t length, size_t max,
                    const char *allowed)
{
    return length > 0 && length <= max && strspn(text, allowed) >= length &&
           !is_sign(text[0]) && !is_sign(text[length - 1]);
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
static const char dns[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";

bool label_key_ok(const char *key)
{
    const char *slash = strchr(key, '/');
    const char *name = slash ? slash + 1 : key;

    if (slash && !is_part(key, (size_t)(slash - key), PREFIX_MAX, dns))
        return false;
    return is_part(name, strlen(name), LABEL_MAX, letters);
}

bool label_value_ok(const char *value)
{
    return !*value || is_part(value, strlen(value), LABEL_MAX, letters);
}

const char *labels_get(const struct labels *labels, const char *key)
{
    size_t low = 0, high = labels->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(labels->items[middle].key, key);

        if (order == 0)
            return labels->items[middle].value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static bool is_among(const struct requirement *r, const char *value)
{
    size_t i;

    for (i = 0; i < r->count; i++)
        if (r->values[i] == value || strcmp(r->values[i], value) == 0)
            return true;
    return false;
}

/* Both sides are integers and the relation holds. */
static bool compares(const struct requirement *r, const char *value)
{
    enum selector_operator relation = r->operator;
    int64_t has, wanted;

    if (r->count != 1 || !units_int(value, &has) ||
        !units_int(r->values[0], &wanted))
        return false;
    return relation == SELECTOR_GT ? has > wanted : has < wanted;
}

bool requirement_matches(const struct requirement *r,
                         const struct labels *labels)
{
    const char *value = labels_get(labels, r->key);

    switch (r->operator) {
    case SELECTOR_IN:
        return value && is_among(r, value);
    case SELECTOR_NOT_IN:
        return !value || !is_among(r, value);
    case SELECTOR_EXISTS:
        return value;
    case SELECTOR_DOES_NOT_EXIST:
        return !value;
    case SELECTOR_GT:
    case SELECTOR_LT:
        return value && compares(r, value);
    }
    return false;
}

bool selector_matches(const struct selector *s, const struct labels *labels)
{
    size_t i;

    if (s->nothing)
        return false;
    for (i = 0; i < s->count; i++)
        if (!requirement_matches(&s->items[i], labels))
            return false;
    return true;
}

/* FNV-1a. */
static uint64_t label_bit(const char *key, const char *value)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
    hash = (hash ^ '=') * UINT64_C(0x100000001b3);
    for (; *value; value++)
        hash = (hash ^ (unsigned char)*value) * UINT64_C(0x100000001b3);
    return UINT64_C(1) << (hash >> 58);
}

uint64_t labels_bits(const struct labels *labels)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < labels->count; i++)
        bits |= label_bit(labels->items[i].key, labels->items[i].value);
    return bits;
}

uint64_t selector_bits(const struct selector *s)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < s->count; i++) {
        const struct requirement *r = &s->items[i];

        if (r->operator== SELECTOR_IN && r->count == 1)
            bits |= label_bit(r->key, r->values[0]);
    }
    return bits;
}

bool labels_contain(const struct labels *labels, const struct labels *wanted)
{
    size_t i;

    for (i = 0; i < wanted->count; i++) {
        const char *value = labels_get(labels, wanted->items[i].key);

        if (!value || strcmp(value, wanted->items[i].value) != 0)
            return false;
    }
    return true;
}

const char label_pod_name[] = "statefulset.kubernetes.io/pod-name";
static const char index_label[] = "apps.kubernetes.io/pod-index";

static size_t set_label(struct label *items, size_t count, const char *key,
                        const char *value)
{
    size_t i = count;

    while (i > 0 && strcmp(items[i - 1].key, key) > 0)
        i--;
    if (i > 0 && strcmp(items[i - 1].key, key) == 0) {
        items[i - 1].value = value;
        return count;
    }
    memmove(items + i + 1, items + i, (count - i) * sizeof *items);
    items[i] = (struct label){key, value};
    return count + 1;
}

size_t labels_of_stateful(const struct labels *own, const char *name,
                          const char *index, struct label *out)
{
    size_t count = own->count;

    for (size_t i = 0; i < count; i++)
        out[i] = own->items[i];
    count = set_label(out, count, label_pod_name, name);
    return index ? set_label(out, count, index_label, index) : count;
}

bool selector_names_pod(const struct selector *s)
{
    for (size_t i = 0; i < s->count; i++) {
        if (strcmp(s->items[i].key, label_pod_name) == 0 ||
            strcmp(s->items[i].key, index_label) == 0)
            return true;
    }
    return false;
}

bool toleration_matches(const struct toleration *t, const struct taint *taint)
{
    if (t->effect >= 0 && t->effect != (int)taint->effect)
        return false;
    if (t->key && strcmp(t->key, taint->key) != 0)
        return false;
    if (t->compare != 0) /* Gt, Lt: off by default */
        return false;
    return t->exists || strcmp(t->value, taint->value) == 0;
}

bool taints_equal(const struct taint *a, size_t a_count, const struct taint *b,
                  size_t b_count)
{
    bool equal = a_count == b_count;

    for (size_t i = 0; equal && i < a_count; i++)
        equal = a[i].effect == b[i].effect && strcmp(a[i].key, b[i].key) == 0 &&
                strcmp(a[i].value, b[i].value) == 0;
    return equal;
}

const struct taint *taints_untolerated(const struct taint *taints,
                                       size_t taint_count,
                                       const struct toleration *tolerations,
                                       size_t toleration_count,
                                       unsigned effects)
{
    size_t i, j;

    for (i = 0; i < taint_count; i++) {
        if (!(effects & 1u << taints[i].effect))
            continue;
        for (j = 0; j < toleration_count; j++)
            if (toleration_matches(&tolerations[j], &taints[i]))
                break;
        if (j == toleration_count)
            return &taints[i];
    }
    return NULL;
}

/* The pod's ports of containers that run on; NULL behind the last. */
static const struct container_port *
next_host_port(const struct pod_template *t, size_t *container, size_t *port)
{
    for (; *container < t->container_count; ++*container, *port = 0) {
        const struct container *c = &t->containers[*container];

        if (c->init && !c->sidecar)
            continue;
        while (*port < c->port_count) {
            if (c->ports[(*port)++].host_port > 0)
                return &c->ports[*port - 1];
        }
    }
    return NULL;
}

bool host_ports_wanted(const struct pod_template *t)
{
    size_t container = 0, port = 0;

    return next_host_port(t, &container, &port) != NULL;
}

static bool ports_collide(const struct container_port *a,
                          const struct container_port *b)
{
    return a->host_port == b->host_port && a->udp == b->udp &&
           a->sctp == b->sctp &&
           (!a->host_ip || !b->host_ip || strcmp(a->host_ip, b->host_ip) == 0);
}

bool host_ports_collide(const struct pod_template *a,
                        const struct pod_template *b)
{
    const struct container_port *x, *y;
    size_t i = 0, j = 0, k, l;

    while ((x = next_host_port(a, &i, &j))) {
        k = l = 0;
        while ((y = next_host_port(b, &k, &l)))
            if (ports_collide(x, y))
                return true;
    }
    return false;
}

int int_or_percent_scaled(struct int_or_percent v, int total, bool round_up)
{
    int64_t product;

    if (!v.percent)
        return v.value;
    product = (int64_t)v.value * total;
    if (round_up)
        product += 99;
    return (int)(product / 100);
}

/* --- images --- */

/* Without the registry and folder that stand for themselves; *length
 * without a tag that does. */
static const char *image_core(const char *image, size_t *length)
{
    static const char *const implied[] = {"docker.io/", "library/"};
    static const char latest[] = ":latest";

    for (size_t i = 0; i < sizeof implied / sizeof implied[0]; i++) {
        if (strncmp(image, implied[i], strlen(implied[i])) == 0)
            image += strlen(implied[i]);
    }
    *length = strlen(image);
    if (*length > strlen(latest) &&
        strcmp(image + *length - strlen(latest), latest) == 0)
        *length -= strlen(latest);
    return image;
}

bool image_is(const char *a, const char *b)
{
    size_t m, n;

    if (a == b)
        return true;
    a = image_core(a, &m);
    b = image_core(b, &n);
    return m == n && strncmp(a, b, m) == 0;
}
