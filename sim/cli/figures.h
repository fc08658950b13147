/*
 * figures - draws a result directory's pictures with gnuplot.
 *
 * A figure is one script NAME.gp in the plots folder: called as
 * `gnuplot -c NAME.gp RESULTDIR FORMAT OUTPUT VARIANT COUNT` (FORMAT: svg or
 * png; VARIANT: the first one's name, "" for none; COUNT: of variants) with
 * the plots folder as GNUPLOT_LIB, so that it can load what they share. Its
 * first line is `# ` and the question it answers; the second may be `# needs
 * FILE`, a file that not every result directory has. It draws nothing where the
 * data for it is not there. Figures over time are of the first variant.
 */
#ifndef SIM_CLI_FIGURES_H
#define SIM_CLI_FIGURES_H

#include <stdbool.h>
#include <stdio.h>

/* True where gnuplot can be run and the scripts are found. */
bool figures_available(void);

/* Draws the figures (names separated by commas; NULL: all) of the result
 * directory into its plots folder, and writes its report.html with all that
 * are there. False: a message went to standard error. */
bool figures_draw(const char *dir, const char *names);

/* "files: DIR/ (NAMES, plots/)": where a study's results are; plots/ only
 * where figures were drawn. */
void figures_say_files(const char *dir, const char *names, FILE *out);

/* True where every name of the list is a figure; else says which is not. */
bool figures_check(const char *names);

/* Names and questions, a line each. */
void figures_list(FILE *out);

#endif
