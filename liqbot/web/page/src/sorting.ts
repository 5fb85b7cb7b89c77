// Tables whose rows can be ordered by a column: a press for the largest first, one for the smallest, one as they were.

type Order = { column: number; way: "descending" | "ascending" };

/** How tables are ordered, by what they have in their heads: cards are made anew all the time. */
const chosen = new Map<string, Order>();
const FACTORS: Record<string, number> = { k: 1e3, M: 1e6, B: 1e9, T: 1e12 };
const SECONDS: Record<string, number> = { s: 1, min: 60, h: 3_600, d: 86_400 };

/** What figures as this page writes them are worth; undefined for words and for what is not known. */
export function worth(words: string): number | undefined {
  const found = /^(?:up to |at least |about )?([−+<>-]*)\$?([\d,]+(?:\.\d+)?)\s?(k|M|B|T|s|min|h|d)?(?![a-z])/.exec(words.trim());
  if (!found) return undefined;
  const [, sign, digits, unit] = found;
  const size = Number(digits.replaceAll(",", "")) * (FACTORS[unit] ?? SECONDS[unit] ?? 1);
  return /[−-]/.test(sign) ? -size : size;
}

/** Makes buttons of the heads, and orders the rows as was chosen before. */
export function sortable(table: HTMLTableElement, heads: string[]): void {
  const key = heads.join("|");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const cells = [...table.tHead!.rows[0].cells];
  const apply = (): void => {
    const order = chosen.get(key);
    cells.forEach((cell, column) => cell.setAttribute("aria-sort", order?.column === column ? order.way : "none"));
    body.replaceChildren(...(order ? ordered(rows, order) : rows));
  };
  cells.forEach((cell, column) => {
    if (!heads[column]) return;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "sort", textContent: heads[column] });
    button.dataset.id = `${key}#${column}`;
    button.addEventListener("click", () => {
      const before = chosen.get(key);
      if (before?.column !== column) chosen.set(key, { column, way: "descending" });
      else if (before.way === "descending") chosen.set(key, { column, way: "ascending" });
      else chosen.delete(key);
      apply();
    });
    cell.replaceChildren(button);
  });
  apply();
}

/** What is not known stands last, whichever way. */
function ordered(rows: HTMLTableRowElement[], { column, way }: Order): HTMLTableRowElement[] {
  const values = new Map(rows.map((row) => [row, value(row.cells[column])]));
  const known = rows.filter((row) => values.get(row) !== undefined);
  const sign = way === "descending" ? -1 : 1;
  known.sort((one, other) => {
    const [a, b] = [values.get(one)!, values.get(other)!];
    if (typeof a === "number" && typeof b === "number") return sign * (a - b);
    return -sign * String(a).localeCompare(String(b)); // words from A on first
  });
  return [...known, ...rows.filter((row) => !known.includes(row))];
}

function value(cell: HTMLTableCellElement): number | string | undefined {
  const told = cell.querySelector<HTMLElement>("[data-value]")?.dataset.value;
  if (told !== undefined) return Number.isFinite(Number(told)) && told !== "" ? Number(told) : undefined;
  const words = cell.textContent ?? "";
  return worth(words) ?? (/^(—|none|too few|)$/.test(words) ? undefined : words);
}
