/*
 * catalog - the tables of all plug-ins, made from catalog.def. Each ends
 * with NULL and stands in the header of its kind.
 */
#include "models/controller.h"
#include "models/failures/failure.h"
#include "models/kubectl/verb.h"
#include "models/lb/lb.h"

#define LB(file) &lb_##file,
const struct lb_strategy *const lb_strategies[] = {
#include "models/catalog.def"
    NULL};

/* Until all are written: an empty table. */
#if __has_include("models/controllers/deployment.c") && \
    __has_include("models/controllers/replicaset.c") && \
    __has_include("models/controllers/endpointslice.c") && \
    __has_include("models/controllers/nodelifecycle.c") && \
    __has_include("models/controllers/tainteviction.c") && \
    __has_include("models/controllers/podgc.c")
#define CONTROLLER(file) extern const struct controller controller_##file;
#include "models/catalog.def"
#define CONTROLLER(file) &controller_##file,
#endif
const struct controller *const controller_list[] = {
#include "models/catalog.def"
    NULL};

/* Until all are written: an empty table. */
#if __has_include("models/failures/pod_crash.c") && \
    __has_include("models/failures/pod_kill.c") && \
    __has_include("models/failures/pod_fail.c") && \
    __has_include("models/failures/node_crash.c")
#define FAILURE(file) extern const struct failure_mode failure_##file;
#include "models/catalog.def"
#define FAILURE(file) &failure_##file,
#endif
const struct failure_mode *const failure_modes[] = {
#include "models/catalog.def"
    NULL};

/* Until all are written: an empty table. */
#if __has_include("models/kubectl/create_deployment.c") && \
    __has_include("models/kubectl/expose.c") && \
    __has_include("models/kubectl/scale.c") && \
    __has_include("models/kubectl/delete.c") && \
    __has_include("models/kubectl/rollout_restart.c") && \
    __has_include("models/kubectl/set_image.c") && \
    __has_include("models/kubectl/drain.c") && \
    __has_include("models/kubectl/cordon.c") && \
    __has_include("models/kubectl/uncordon.c") && \
    __has_include("models/kubectl/apply.c")
#define KUBECTL(file) extern const struct kubectl_verb kubectl_##file;
#include "models/catalog.def"
#define KUBECTL(file) &kubectl_##file,
#endif
const struct kubectl_verb *const kubectl_verbs[] = {
#include "models/catalog.def"
    NULL};
