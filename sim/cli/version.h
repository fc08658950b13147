#ifndef SIM_CLI_VERSION_H
#define SIM_CLI_VERSION_H

#define PODCHURN_VERSION "0.1.0"

#endif
