/*
 * Golden vectors. `from-c.json` is written here for the TypeScript side, in the format of src/codec/vectors; the other
 * side's `from-ts.txt` has a line `name encoding hex` for each of its vectors.
 */
#ifndef TAUTLINE_TEST_VECTORS_H
#define TAUTLINE_TEST_VECTORS_H

/* Both end the program with a message when something differs. */
void vectors_write(const char *path);
void vectors_check_written(const char *path);
/* Returns how many were compared; ends the program when there is a file but nothing in it to compare. */
int vectors_check_from_ts(const char *path);

#endif
