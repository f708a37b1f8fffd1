/** Texts and marks; everything between them is white space, numbers and words. */
const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},:]/g;

/**
 * The members of a JSON list as they are written: parsed and written anew, a number may be another one.
 *
 * @param json a valid text
 */
export function writtenItems(json: string): string[] {
  return pieces(json, ',');
}

/**
 * The members of a JSON object as they are written, by their keys. Of two with one key the last holds, as for `JSON.parse`.
 *
 * @param json a valid text
 */
export function writtenFields(json: string): Map<string, string> {
  const parts = pieces(json, ',:');
  const pairs = parts.flatMap((part, at): [string, string][] =>
    at % 2 === 1 ? [[JSON.parse(parts[at - 1]!) as string, part]] : [],
  );
  return new Map(pairs);
}

/** What stands between the brackets of a text, cut at some marks, but not at those of what it holds. */
function pieces(json: string, marks: string): string[] {
  const found: string[] = [];
  let [depth, from] = [0, 0];
  for (const { 0: token, index } of json.matchAll(TOKENS)) {
    const isOpening = token === '[' || token === '{';
    const isClosing = token === ']' || token === '}';
    const isCut = depth === 1 && (marks.includes(token) || isClosing);
    if (isCut) found.push(json.slice(from, index).trim());
    if (isCut || (isOpening && depth === 0)) from = index + 1;
    if (isOpening) depth++;
    else if (isClosing) depth--;
  }
  return found;
}
