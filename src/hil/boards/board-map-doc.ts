/** The tables of `hil-boards.toml` in docs/hil.md, made from the schema; a test keeps the page true. */
import { table } from '../../config-doc.js';
import { MappedAvrdudeSchema, MappedBoardSchema, MappedImagesSchema } from './board-map-schema.js';

export function boardMapTables(): Readonly<Record<string, string>> {
  return {
    '[boards.<name>]': table(MappedBoardSchema),
    '[boards.<name>.image]': table(MappedImagesSchema),
    '[boards.<name>.avrdude]': table(MappedAvrdudeSchema),
  };
}
