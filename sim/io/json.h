/*
 * json - JSON out. (It is read as YAML is: doc.h.)
 */
#ifndef SIM_IO_JSON_H
#define SIM_IO_JSON_H

#include <stdio.h>

/* A string with quotes; NULL is "". */
void json_text(const char *text, FILE *out);
/* A number that reads back to the same double; null where not finite. */
void json_number(double x, FILE *out);

#endif
