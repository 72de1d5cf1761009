/**
 * The schema library, in one place: the build makes one file of this and what it imports. As the 300 modules that it is in,
 * it takes 26 MB in each thread that loads it; as one file 4.
 */
export { type Static, Type } from 'typebox';
export { Value } from 'typebox/value';
