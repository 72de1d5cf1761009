import { expect, it } from 'vitest';
import { recipeDoubts } from './decode.js';

it('doubts a recipe that is not where it belongs, or whose windows differ', () => {
  expect(recipeDoubts(Array(24).fill(2.5))).toEqual([]);
  expect(recipeDoubts(Array(24).fill(25))).toEqual(['the recipe takes 25 µs a frame, its band is 0.3 to 10']);
  expect(recipeDoubts(Array.from({ length: 24 }, (_, i) => (i < 12 ? 2 : 4)))).toEqual([
    'the recipe takes 2 to 4 µs a frame (p10 and p90 of its windows): something else ran',
  ]);
});
