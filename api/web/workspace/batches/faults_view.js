// What is wrong with the table, below it: the fault of the cell that the grid is on, and a list that leads to each.

import { button, el, fill, setAttribute, setText } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { TABLE } from "../words/batch_table.js";
import { asLabel, MOST_GROUPS, remedyOf } from "./faults.js";

/** @import { Faults, Group } from "./faults.js" */
/** @import { Known } from "./columns.js" */
/** @import { Grid } from "./grid.js" */

export class FaultsView {
	text = el("p.batch-fault-text", { role: "status" });
	remedy = el("span.batch-fault-remedy");
	list = el("ul.batch-fault-list", { id: "batch-faults", hidden: true, "aria-label": TABLE.faults });
	toggle = button("is-small", () => this.reveal(this.list.hidden), { "aria-expanded": false, "aria-controls": this.list.id });
	next = button("is-small", () => this.goOn(1), { title: TABLE.nextTitle }, icon("down"), TABLE.next);
	element = el("div.batch-faults", { role: "group", "aria-label": TABLE.faults, "data-tone": "bad", hidden: true }, el("div.batch-fault-line", icon("warning"), this.text, this.remedy, el("span.grow"), this.toggle, this.next), this.list);
	/** @type {Faults | null} */
	faults = null;
	/** @type {Group | null} What is told while the grid is on no fault. */
	first = null;

	/**
	 * @param {Grid} grid
	 * @param {() => Known} known
	 */
	constructor(grid, known) {
		this.grid = grid;
		this.known = known;
		grid.listen("active", () => this.showActive());
		grid.element.addEventListener("keydown", (event) => {
			if (event.key !== "F8") return;
			event.preventDefault();
			this.goOn(event.shiftKey ? -1 : 1);
		});
	}

	/** @param {boolean} open */
	reveal(open) {
		this.list.hidden = !open;
		setAttribute(this.toggle, "aria-expanded", open);
	}

	/** @param {Faults} faults */
	show(faults) {
		this.faults = faults;
		const { table } = this.grid;
		const faulty = faults.count(table);
		this.element.hidden = !faulty && !faults.ofTable.length;
		this.toggle.hidden = this.next.hidden = !faulty;
		setText(this.toggle, TABLE.faultCount(faulty));
		const groups = [...faults.ofColumns(table), ...faults.groups(table)];
		[this.first = null] = groups;
		const more = groups.length - MOST_GROUPS;
		fill(
			this.list,
			faults.ofTable.map(({ message, column }) => el("li", el("span", TABLE.wholeTable, column && `${column}: `, message))),
			groups.slice(0, MOST_GROUPS).map((group) => this.item(group)),
			more > 0 && el("li.quiet", TABLE.moreGroups(more)),
		);
		this.showActive();
	}

	/** @param {Group} group */
	item(group) {
		const { column, message, rows } = group;
		const { table } = this.grid;
		if (!rows.length && column) {
			const there = table.columns.includes(column);
			const name = TABLE.column(column);
			return el("li", there ? button(".link-button", () => this.goTo(-1, column), name) : el("strong", name), el("span", message), this.remedyButton(group), this.labelButton(group));
		}
		const go = () => this.goTo(table.rows.indexOf(rows[0]), column);
		const where = TABLE.inRows(table.rows.indexOf(rows[0]) + 1, rows.length);
		return el("li", button(".link-button", go, column ? `${where}, ${column}` : where), el("span", message), this.remedyButton(group));
	}

	/**
	 * A column that nothing takes may be there for people: as a label, it goes with the job.
	 *
	 * @param {Group} group
	 */
	labelButton({ column, rows }) {
		const label = column && !rows.length ? asLabel(column, this.grid.table) : null;
		if (!column || !label) return null;
		const act = () => {
			const now = asLabel(column, this.grid.table);
			if (now) this.grid.take(now.table);
			this.grid.element.focus();
		};
		return button("is-small", act, TABLE.rename(label.name));
	}

	/** @param {Group} group */
	remedyButton(group) {
		const remedy = remedyOf(group, this.grid.table, this.known());
		if (!remedy) return null;
		const act = () => {
			// The table may have changed since.
			const now = remedyOf(group, this.grid.table, this.known());
			if (now) this.grid.take(now.table);
			this.grid.element.focus();
		};
		return button("is-small", act, remedy.column ? TABLE.rename(remedy.text) : TABLE.change(remedy.text, remedy.cells));
	}

	/** Show the fault of the cell that the grid is on, else the first one of the table. */
	showActive() {
		const { faults, grid } = this;
		if (!faults) return;
		const { row, column } = grid.active;
		const { table } = grid;
		const at = row < 0 ? undefined : (faults.at(table, row, column) ?? faults.at(table, row, -1));
		const [whole] = faults.ofTable;
		/** @type {Group | null} */
		const shown = at ? { column: at.column ?? null, message: at.message, suggestion: at.suggestion ?? null, rows: [table.rows[row]] } : (faults.ofColumn(table, table.columns[column]) ?? this.first);
		const where = shown && (shown.rows.length ? TABLE.faultAt(table.rows.indexOf(shown.rows[0]) + 1, shown.column) : `${TABLE.column(shown.column ?? "")}: `);
		setText(this.text, shown ? `${where}${shown.message}` : whole ? TABLE.wholeTable + whole.message : "");
		fill(this.remedy, shown && [this.remedyButton(shown), this.labelButton(shown)]);
	}

	/** @param {1 | -1} step */
	goOn(step) {
		const place = this.faults?.next(this.grid.table, this.grid.active, step);
		if (!place) return;
		this.grid.go(place);
		this.grid.element.focus({ preventScroll: true });
	}

	/**
	 * @param {number} row
	 * @param {string | null} column
	 */
	goTo(row, column) {
		this.grid.go({ row, column: Math.max(0, column ? this.grid.table.columns.indexOf(column) : 0) });
		this.grid.element.focus({ preventScroll: true });
	}
}
