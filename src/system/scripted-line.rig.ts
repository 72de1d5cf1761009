/** A scripted board behind a pseudo-terminal: it answers what a bridge says to it in text. */
import { PtyLine } from '../board/testing/pty-line.js';
import { ScriptedBoard, type ScriptedBoardOptions } from '../board/testing/scripted-board.js';
import { encodeText } from '../codec/encode.js';
import type { HostMessage } from '../codec/message.js';
import { decodeText, LF } from '../codec/text.js';

export async function scriptedLine(options: ScriptedBoardOptions): Promise<{ line: PtyLine; board: ScriptedBoard }> {
  let rest = Buffer.alloc(0);
  const line = await PtyLine.open((bytes) => {
    rest = Buffer.concat([rest, bytes]);
    for (let end = rest.indexOf(LF); end >= 0; end = rest.indexOf(LF)) {
      const message = decodeText(rest, 0, end);
      if (message !== undefined) board.receive(message as HostMessage, 'text');
      rest = rest.subarray(end + 1);
    }
  });
  const board = new ScriptedBoard((message) => line.write(encodeText(message)), options);
  return { line, board };
}
