/*
 * catalog - the tables of all plug-ins, made from catalog.def. Each ends
 * with NULL and stands in the header of its kind. (That of the scheduler's
 * is made in scheduler/framework.c, so that a scheduler can be had alone.)
 */
#include "models/controller.h"
#include "models/failures/failure.h"
#include "models/kubectl/verb.h"
#include "models/lb/lb.h"

/* lb.h declares its own. */
#define CONTROLLER(file) extern const struct controller controller_##file;
#define FAILURE(file)    extern const struct failure_mode failure_##file;
#define KUBECTL(file)    extern const struct kubectl_verb kubectl_##file;
#include "models/catalog.def"

#define LB(file) &lb_##file,
const struct lb_strategy *const lb_strategies[] = {
#include "models/catalog.def"
    NULL};

#define CONTROLLER(file) &controller_##file,
const struct controller *const controller_list[] = {
#include "models/catalog.def"
    NULL};

#define FAILURE(file) &failure_##file,
const struct failure_mode *const failure_modes[] = {
#include "models/catalog.def"
    NULL};

#define KUBECTL(file) &kubectl_##file,
const struct kubectl_verb *const kubectl_verbs[] = {
#include "models/catalog.def"
    NULL};
