#include "models/network/health_check.h"

bool health_result(struct health *h, const struct health_check_spec *spec,
                   bool ok)
{
    bool first = !h->checked;

    h->checked = true;
    h->run = ok == h->healthy ? 0 : h->run + 1;
    if (h->run == 0)
        return false;
    if (!(first && !spec->trusted) &&
        h->run < (ok ? spec->healthy : spec->unhealthy))
        return false;
    h->healthy = ok;
    h->run = 0;
    return true;
}
