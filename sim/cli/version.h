#ifndef SIM_CLI_VERSION_H
#define SIM_CLI_VERSION_H

#define PODCHURN_VERSION "0.1.0"

/* What this program can do that others cannot. */
#ifdef PODCHURN_MPI
#define PODCHURN_BUILT_WITH " (MPI)"
#else
#define PODCHURN_BUILT_WITH ""
#endif

#endif
