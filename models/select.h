/*
 * select - labels, selectors, taints, tolerations: the API's matching rules.
 */
#ifndef MODELS_SELECT_H
#define MODELS_SELECT_H

#include "models/objects.h"

/* A label's value, NULL where absent. The key need not be interned. */
const char *labels_get(const struct labels *labels, const char *key);

/* validation.IsQualifiedName, IsValidLabelValue; and what they expect, for
 * messages. */
bool label_key_ok(const char *key);
bool label_value_ok(const char *value);
extern const char label_key_expected[], label_value_expected[];

/* apimachinery labels.Requirement.Matches: NotIn and DoesNotExist hold
 * where the key is absent. Gt and Lt compare integers. */
bool requirement_matches(const struct requirement *r,
                         const struct labels *labels);
bool selector_matches(const struct selector *s, const struct labels *labels);
/* A quick test before that: what a selector matches has all of its bits; the
 * reverse is not so. One bit of 64 for each label; of a selector, for each
 * that it wants to have a certain value. */
uint64_t labels_bits(const struct labels *labels);
uint64_t selector_bits(const struct selector *s);
/* True where every label of `wanted` is in `labels`. */
bool labels_contain(const struct labels *labels, const struct labels *wanted);

/* The labels of a StatefulSet's pod: its template's, its name
 * (statefulset.kubernetes.io/pod-name) and its index
 * (apps.kubernetes.io/pod-index; NULL: not in that version), which replace
 * any that the template gives (pkg/controller/statefulset
 * /stateful_set_utils.go, updateIdentity). out: room for two more than
 * `own`; returns how many. Borrows all texts. */
size_t labels_of_stateful(const struct labels *own, const char *name,
                          const char *index, struct label *out);
extern const char label_pod_name[];
/* True where it asks for one of those two: pods of one template differ. */
bool selector_names_pod(const struct selector *s);

/* component-helpers ToleratesTaint: NULL key with Exists tolerates all. */
bool toleration_matches(const struct toleration *t, const struct taint *taint);
/* The first taint of one of the effects (bit mask 1 << effect) that no
 * toleration matches; NULL: all tolerated. */
const struct taint *taints_untolerated(const struct taint *taints,
                                       size_t taint_count,
                                       const struct toleration *tolerations,
                                       size_t toleration_count,
                                       unsigned effects);

/* The same taints in the same order. */
bool taints_equal(const struct taint *a, size_t a_count, const struct taint *b,
                  size_t b_count);

/* Two names of one image: "nginx", "docker.io/library/nginx:latest". */
bool image_is(const char *a, const char *b);

/* Host ports, as the NodePorts plug-in sees them: whether a pod wants any, and
 * whether two pods want the same, so that no node has both: the same port and
 * protocol, and addresses that are equal or any. Init containers that end do
 * not count. */
bool host_ports_wanted(const struct pod_template *t);
bool host_ports_collide(const struct pod_template *a,
                        const struct pod_template *b);

/* intstr.GetScaledValueFromIntOrPercent. */
int int_or_percent_scaled(struct int_or_percent v, int total, bool round_up);

#endif
