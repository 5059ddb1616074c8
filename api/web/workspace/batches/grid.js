// The table as a grid that is edited in place: by mouse, by touch, and by keyboard as a spreadsheet. The grid has the
// focus and names the cell that it is on, so that nothing is lost when that cell leaves the document.

import { closest, el, fill, on, setAttribute, setText } from "../core/dom.js";
import { Emitter } from "../core/emitter.js";
import { TABLE } from "../words/batch_table.js";
import { cellsOf, textOf } from "./delimited.js";
import { CellEditor } from "./cell_editor.js";
import { moved } from "./moves.js";
import { blockOf, cleared, isWithin, rangeOf, renamed, Steps, withBlock, withCell, withoutColumns, withoutRows } from "./table.js";
import { Windowed } from "./windowed.js";

/** @import { Faults } from "./faults.js" */
/** @import { Place, Table } from "./table.js" */

/** @typedef {{ element: HTMLElement, number: HTMLElement, cells: HTMLElement[], row: number }} Line */

const ROW = 32;
const HEAD = 46;
const NUMBER = 52;
const NARROWEST = 110;
const WIDEST = 320;
const CHARACTER = 7.2;
const PADDING = 24;
/** Rows whose texts say how wide a column is. */
const MEASURED = 40;
/** Of a cell's text; the rest is seen where it is edited. */
const SHOWN = 240;
const COLUMNS_AHEAD = 2;
/** The column whose cells are addresses of pictures. */
const PICTURE = "image";

/** @extends {Emitter<{ change: null, active: null }>} */
export class Grid extends Emitter {
	/** The names of the columns are row -1. @type {Place} */
	active = { row: 0, column: 0 };
	/** The other end of what is selected. @type {Place} */
	anchor = { row: 0, column: 0 };
	/** @type {number[]} Where each column begins, and after them where the last one ends. */
	lefts = [0];
	/** @type {[first: number, end: number]} The columns in the document. */
	columns = [0, 0];
	scrolled = 0;
	head = el("div.grid-head", { role: "row", "aria-rowindex": 1 });
	body = el("div.grid-body", { role: "rowgroup" });
	element = el("div.grid", { role: "grid", tabindex: "0", "aria-label": TABLE.table, "aria-multiselectable": true }, el("div.grid-headgroup", { role: "rowgroup" }, this.head), this.body);
	editor = new CellEditor(this.body, this.head);

	/**
	 * @param {object} parts
	 * @param {Table} parts.table
	 * @param {() => Faults} parts.faults
	 * @param {(name: string) => { word: string, tone: string | null }} parts.roleOf What a column is, in a word.
	 */
	constructor({ table, faults, roleOf }) {
		super();
		this.steps = new Steps(table);
		this.faults = faults;
		this.roleOf = roleOf;
		this.rows = new Windowed({ scroller: this.element, body: this.body, height: ROW, make: () => this.makeLine(), show: (line, row) => this.showLine(line, row) });
		this.element.addEventListener("scroll", () => this.showColumns(false), { passive: true });
		new ResizeObserver(() => this.showColumns(false)).observe(this.element);
		on(this.element, "keydown", (event) => this.onKey(event));
		on(this.element, "pointerdown", (event) => this.onPointer(event));
		on(this.element, "pointermove", (event) => event.buttons === 1 && event.pointerType === "mouse" && this.drag(event));
		on(this.element, "dblclick", (event) => this.placeOf(event.target) && this.edit());
		on(this.element, "click", (event) => this.onTap(event));
		on(this.element, "copy", (event) => this.copy(event, false));
		on(this.element, "cut", (event) => this.copy(event, true));
		on(this.element, "paste", (event) => this.paste(event));
		this.arrange();
	}

	get table() {
		return this.steps.table;
	}

	get range() {
		return rangeOf(this.active, this.anchor);
	}

	/**
	 * Take a changed table.
	 *
	 * @param {Table} table
	 */
	take(table) {
		if (this.steps.take(table)) this.changed();
	}

	undo() {
		if (this.steps.undo()) this.changed();
	}

	redo() {
		if (this.steps.redo()) this.changed();
	}

	changed() {
		this.arrange();
		this.emit("change", null);
	}

	/** Show the table as it is now. */
	arrange() {
		const { columns, rows } = this.table;
		this.lefts = [NUMBER];
		columns.forEach((name, column) => this.lefts.push(this.lefts[column] + widthOf(name, this.roleOf(name).word, rows.slice(0, MEASURED).map((cells) => cells[column]))));
		const width = `${this.lefts[columns.length]}px`;
		this.head.style.width = this.body.style.width = width;
		setAttribute(this.element, "aria-rowcount", rows.length + 1);
		setAttribute(this.element, "aria-colcount", columns.length + 1);
		this.active = this.within(this.active);
		this.anchor = this.within(this.anchor);
		this.rows.count = rows.length;
		this.showColumns(true);
		this.rows.setCount(rows.length);
		this.showActive();
	}

	/**
	 * @param {Place} place
	 * @returns {Place}
	 */
	within({ row, column }) {
		const { columns, rows } = this.table;
		return { row: Math.min(row, rows.length - 1), column: Math.max(0, Math.min(column, columns.length - 1)) };
	}

	/**
	 * Show the names of the columns near the window, and with them their cells.
	 *
	 * @param {boolean} always Whether they may have changed.
	 */
	showColumns(always) {
		const { scrollLeft, clientWidth } = this.element;
		// The numbers stay in sight by it: elements that are sticky would each be a layer of their own.
		if (scrollLeft !== this.scrolled) this.element.style.setProperty("--scrolled", `${scrollLeft}px`);
		this.scrolled = scrollLeft;
		const last = this.table.columns.length;
		const first = Math.max(0, this.lefts.findIndex((left) => left > scrollLeft) - 1 - COLUMNS_AHEAD);
		const beyond = this.lefts.findIndex((left) => left > scrollLeft + clientWidth);
		const end = beyond < 0 ? last : Math.min(last, beyond + COLUMNS_AHEAD);
		if (!always && first === this.columns[0] && end === this.columns[1]) return;
		this.columns = [first, end];
		this.showHead();
		this.rows.refresh();
	}

	showHead() {
		const [first, end] = this.columns;
		const corner = el("div.grid-number", { role: "columnheader", "aria-colindex": 1 }, el("span.visually-hidden", TABLE.row));
		const names = this.table.columns.slice(first, end).map((name, index) => {
			const column = first + index;
			const { word, tone } = this.roleOf(name);
			const fault = this.faults().ofColumn(this.table, name);
			const cell = el(
				"div.grid-name",
				{ id: idOf(-1, column), role: "columnheader", "aria-colindex": column + 2, "data-column": column, "data-row": -1, title: fault?.message ?? name, "aria-invalid": fault ? "true" : null, "aria-description": fault?.message ?? null },
				el("strong", name),
				el("span", { "data-tone": tone }, word),
			);
			this.put(cell, column);
			this.mark(cell, -1, column);
			return cell;
		});
		fill(this.head, corner, ...names);
	}

	/**
	 * @param {HTMLElement} cell
	 * @param {number} column
	 */
	put(cell, column) {
		cell.style.left = `${this.lefts[column]}px`;
		cell.style.width = `${this.lefts[column + 1] - this.lefts[column]}px`;
	}

	/** @returns {Line} */
	makeLine() {
		const number = el("div.grid-number", { role: "rowheader", "aria-colindex": 1, "data-column": -1 });
		return { element: el("div.grid-row", { role: "row" }, number), number, cells: [], row: -1 };
	}

	/**
	 * @param {Line} line
	 * @param {number} row
	 */
	showLine(line, row) {
		const { table } = this;
		const cells = table.rows[row];
		const faults = this.faults();
		const faulty = faults.of(cells).length > 0;
		const [first, end] = this.columns;
		line.row = row;
		setAttribute(line.element, "aria-rowindex", row + 2);
		line.element.dataset.row = String(row);
		setText(line.number, String(row + 1));
		setAttribute(line.number, "data-faulty", faulty);
		setAttribute(line.number, "title", faulty ? (faults.at(table, row, -1)?.message ?? null) : null);
		while (line.cells.length > end - first) line.cells.pop()?.remove();
		while (line.cells.length < end - first) {
			const cell = el("div.grid-cell", { role: "gridcell" });
			line.cells.push(cell);
			line.element.append(cell);
		}
		line.cells.forEach((cell, index) => {
			const column = first + index;
			const fault = faulty ? faults.at(table, row, column) : undefined;
			cell.id = idOf(row, column);
			const place = `${column} ${this.lefts[column]} ${this.lefts[column + 1]}`;
			if (cell.dataset.place !== place) {
				cell.dataset.place = place;
				cell.dataset.column = String(column);
				setAttribute(cell, "aria-colindex", column + 2);
				this.put(cell, column);
			}
			setText(cell, cells[column].slice(0, SHOWN));
			this.picture(cell, table.columns[column] === PICTURE ? cells[column] : "");
			setAttribute(cell, "aria-invalid", fault ? "true" : null);
			setAttribute(cell, "aria-description", fault?.message ?? null);
			setAttribute(cell, "title", fault?.message ?? null);
			this.mark(cell, row, column);
		});
	}

	/**
	 * Show the picture that a cell is the address of, beside it.
	 *
	 * @param {HTMLElement} cell
	 * @param {string} address
	 */
	picture(cell, address) {
		const shown = URL.canParse(address) && /^https?:/i.test(address) ? `url("${new URL(address).href}")` : "";
		if ((cell.dataset.picture ?? "") === shown) return;
		cell.dataset.picture = shown;
		cell.classList.toggle("has-picture", shown !== "");
		cell.style.backgroundImage = shown;
	}

	/**
	 * @param {HTMLElement} cell
	 * @param {number} row
	 * @param {number} column
	 */
	mark(cell, row, column) {
		setAttribute(cell, "aria-selected", isWithin(this.range, row, column));
		cell.classList.toggle("is-active", row === this.active.row && column === this.active.column);
	}

	showActive() {
		const { row, column } = this.active;
		setAttribute(this.element, "aria-activedescendant", this.table.columns.length ? idOf(row, column) : null);
	}

	/**
	 * Go to a cell.
	 *
	 * @param {Place} place
	 * @param {boolean} [extend] Whether what lies between is selected.
	 */
	go(place, extend = false) {
		this.active = this.within(place);
		if (!extend) this.anchor = this.active;
		const { row, column } = this.active;
		if (row >= 0) this.rows.reveal(row, HEAD);
		const { element } = this;
		const [left, right] = [this.lefts[column] - NUMBER, this.lefts[column + 1]];
		if (left < element.scrollLeft) element.scrollLeft = left;
		else if (right > element.scrollLeft + element.clientWidth) element.scrollLeft = Math.min(left, right - element.clientWidth);
		this.showColumns(false);
		this.showHead();
		this.rows.refresh();
		this.showActive();
		this.emit("active", null);
	}

	/**
	 * @param {EventTarget | null} target
	 * @returns {Place | null}
	 */
	placeOf(target) {
		const cell = closest(target, "[data-column]");
		const row = closest(target, "[data-row]")?.dataset.row;
		if (!cell || row === undefined || !this.element.contains(cell)) return null;
		return { row: Number(row), column: Number(cell.dataset.column) };
	}

	/** @param {PointerEvent} event */
	onPointer(event) {
		const place = this.placeOf(event.target);
		if (!place || event.button || this.editor.holds(event.target)) return;
		this.editor.commit();
		this.again = place.row === this.active.row && place.column === this.active.column && document.activeElement === this.element;
		if (place.column >= 0) return this.go(place, event.shiftKey);
		// Its number selects a row.
		this.anchor = { row: event.shiftKey ? this.anchor.row : place.row, column: 0 };
		this.go({ row: place.row, column: this.table.columns.length - 1 }, true);
	}

	/** @param {PointerEvent} event */
	drag(event) {
		const place = this.placeOf(event.target);
		if (!place || place.column < 0 || place.row < 0 || this.editor.open || document.activeElement !== this.element) return;
		if (place.row !== this.active.row || place.column !== this.active.column) this.go(place, true);
	}

	/**
	 * A finger edits the cell that it is on already: it has no second button, and no keyboard to begin with.
	 *
	 * @param {PointerEvent | MouseEvent} event
	 */
	onTap(event) {
		const touch = event instanceof PointerEvent && event.pointerType === "touch";
		if (touch && this.again && this.placeOf(event.target) && !this.editor.holds(event.target)) this.edit();
	}

	/** @param {KeyboardEvent} event */
	onKey(event) {
		if (this.editor.holds(event.target)) return;
		if (!this.does(event)) return;
		event.preventDefault();
		event.stopPropagation();
	}

	/**
	 * Do what a key stands for; return whether it stands for anything.
	 *
	 * @param {KeyboardEvent} event
	 */
	does(event) {
		const { key, shiftKey, altKey } = event;
		const { columns, rows } = this.table;
		const command = event.ctrlKey || event.metaKey;
		if (altKey || !columns.length) return false;
		if (command && key === "z") this.undo();
		else if (command && (key === "y" || key === "Z")) this.redo();
		else if (command && key === "a") {
			this.anchor = { row: 0, column: 0 };
			this.go({ row: rows.length - 1, column: columns.length - 1 }, true);
		} else if (key === "Enter" && command) return false;
		else if (key === "Enter" || key === "F2") this.edit();
		else if (key === "Delete" || key === "Backspace") this.clear();
		else if (key === "Escape" && (this.anchor.row !== this.active.row || this.anchor.column !== this.active.column)) this.go(this.active);
		else if (key.length === 1 && !command) this.edit(key);
		else {
			const page = Math.max(1, Math.floor((this.element.clientHeight - HEAD) / ROW) - 1);
			const to = moved(this.active, key, { command, page, rows: rows.length, columns: columns.length });
			if (!to) return false;
			this.go(to, shiftKey && to.row >= 0);
		}
		return true;
	}

	clear() {
		if (this.range.bottom >= 0) this.take(cleared(this.table, { ...this.range, top: Math.max(0, this.range.top) }));
	}

	/**
	 * Edit the cell, or the column's name, that the grid is on.
	 *
	 * @param {string} [typed] What replaces its text.
	 */
	edit(typed) {
		const { row, column } = this.active;
		const { table } = this;
		if (!table.columns.length) return;
		this.go(this.active);
		const text = row < 0 ? table.columns[column] : table.rows[row][column];
		this.editor.begin({
			row,
			left: this.lefts[column],
			width: this.lefts[column + 1] - this.lefts[column],
			top: row * ROW,
			text: typed ?? text,
			whole: typed === undefined && row < 0,
			label: row < 0 ? TABLE.nameOf(table.columns[column]) : TABLE.cell(table.columns[column], row + 1),
			/** @param {string} written @param {[number, number] | null} step */
			done: (written, step) => {
				this.take(row < 0 ? renamed(this.table, column, written) : withCell(this.table, { row, column }, written));
				if (!step) return;
				const [down, right] = step;
				this.element.focus({ preventScroll: true });
				this.go({ row: row + (row < 0 && down < 0 ? 0 : down), column: column + right });
			},
			cancelled: () => this.element.focus({ preventScroll: true }),
		});
	}

	/**
	 * @param {ClipboardEvent} event
	 * @param {boolean} cut
	 */
	copy(event, cut) {
		if (this.editor.holds(event.target) || !this.table.rows.length) return;
		event.preventDefault();
		const { top, bottom } = this.range;
		const block = bottom < 0 ? [this.table.columns.slice(this.range.left, this.range.right + 1)] : blockOf(this.table, { ...this.range, top: Math.max(0, top) });
		event.clipboardData?.setData("text/plain", textOf(block, "\t"));
		if (cut) this.clear();
	}

	/** @param {ClipboardEvent} event */
	paste(event) {
		const text = event.clipboardData?.getData("text/plain") ?? "";
		if (this.editor.holds(event.target) || !text || !this.table.columns.length) return;
		event.preventDefault();
		event.stopPropagation();
		this.pasteText(text);
	}

	/**
	 * Put copied cells where the grid is; one cell fills all that is selected.
	 *
	 * @param {string} text
	 */
	pasteText(text) {
		const block = cellsOf(text, "\t");
		const { top, bottom, left, right } = this.range;
		if (bottom < 0) return this.take(renamed(this.table, left, block[0][0]));
		const one = block.length === 1 && block[0].length === 1;
		const filled = one ? Array.from({ length: bottom - Math.max(0, top) + 1 }, () => Array(right - left + 1).fill(block[0][0])) : block;
		const place = { row: Math.max(0, top), column: left };
		this.take(withBlock(this.table, place, filled));
		this.anchor = place;
		this.go({ row: place.row + filled.length - 1, column: left + Math.max(...filled.map((cells) => cells.length)) - 1 }, true);
	}

	deleteRows() {
		const { top, bottom } = this.range;
		this.take(withoutRows(this.table, Math.max(0, top), bottom));
		this.go({ row: Math.max(0, top), column: this.active.column });
	}

	deleteColumns() {
		const { left, right } = this.range;
		this.take(withoutColumns(this.table, left, right));
		this.go({ row: this.active.row, column: left });
	}
}

/**
 * @param {number} row
 * @param {number} column
 */
function idOf(row, column) {
	return `cell-${row}-${column}`;
}

/**
 * @param {string} name
 * @param {string} role
 * @param {readonly string[]} texts
 */
function widthOf(name, role, texts) {
	const longest = texts.reduce((most, text) => Math.max(most, Math.min(text.length, WIDEST)), Math.max(name.length + 1, role.length));
	return Math.round(Math.min(WIDEST, Math.max(NARROWEST, longest * CHARACTER + PADDING)));
}
