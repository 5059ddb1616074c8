// Many rows of one height, of which only those near the window are in the document. An element that has left it comes
// back as another row.

/** Rows above and below what can be seen. */
const AHEAD = 8;

/**
 * Return the rows to show, as the first and the one after the last.
 *
 * @param {{ top: number, seen: number, height: number, count: number }} place What is scrolled away, what can be seen, a row's height, all in pixels; and how many rows there are.
 * @returns {[first: number, end: number]}
 */
export function rowsShown({ top, seen, height, count }) {
	const first = Math.min(count, Math.max(0, Math.floor(top / height) - AHEAD));
	return [first, Math.min(count, Math.max(first, Math.ceil((top + seen) / height) + AHEAD))];
}

/**
 * @template {{ element: HTMLElement }} Line
 */
export class Windowed {
	/** @type {Map<number, Line>} The lines in the document, by their row. */
	lines = new Map();
	/** @type {Line[]} */
	spare = [];
	count = 0;
	frame = 0;

	/**
	 * @param {object} parts
	 * @param {HTMLElement} parts.scroller
	 * @param {HTMLElement} parts.body What the rows stand in; it gets their height.
	 * @param {number} parts.height Of a row.
	 * @param {() => Line} parts.make
	 * @param {(line: Line, row: number) => void} parts.show Makes a line that of a row.
	 * @param {(first: number, end: number) => void} [parts.onWindow]
	 */
	constructor({ scroller, body, height, make, show, onWindow = () => {} }) {
		this.scroller = scroller;
		this.body = body;
		this.height = height;
		this.make = make;
		this.showLine = show;
		this.onWindow = onWindow;
		scroller.addEventListener("scroll", () => this.schedule(), { passive: true });
		new ResizeObserver(() => this.schedule()).observe(scroller);
	}

	/** @param {number} count */
	setCount(count) {
		this.count = count;
		this.body.style.height = `${count * this.height}px`;
		this.refresh();
	}

	schedule() {
		this.frame ||= requestAnimationFrame(() => {
			this.frame = 0;
			this.draw(false);
		});
	}

	/** Show the rows as they are now. */
	refresh() {
		this.draw(true);
	}

	/** @param {number} row */
	refreshRow(row) {
		const line = this.lines.get(row);
		if (line) this.showLine(line, row);
	}

	/** @param {boolean} all Whether rows that are shown already may have changed. */
	draw(all) {
		const { scrollTop, clientHeight } = this.scroller;
		const [first, end] = rowsShown({ top: scrollTop, seen: clientHeight, height: this.height, count: this.count });
		for (const [row, line] of this.lines) {
			if (row >= first && row < end) continue;
			this.lines.delete(row);
			this.spare.push(line);
		}
		for (let row = first; row < end; row += 1) {
			const there = this.lines.get(row);
			if (there && !all) continue;
			const line = there ?? this.spare.shift() ?? this.make();
			this.lines.set(row, line);
			line.element.style.transform = `translateY(${row * this.height}px)`;
			if (!line.element.isConnected) this.body.append(line.element);
			this.showLine(line, row);
		}
		for (const { element } of this.spare) element.remove();
		this.onWindow(first, end);
	}

	/**
	 * Scroll as far as it takes to see a row.
	 *
	 * @param {number} row
	 * @param {number} covered What a head that stays covers.
	 */
	reveal(row, covered = 0) {
		const { scroller, height } = this;
		const top = row * height;
		const seen = scroller.clientHeight - covered;
		if (top < scroller.scrollTop) scroller.scrollTop = top;
		else if (top + height > scroller.scrollTop + seen) scroller.scrollTop = top + height - seen;
		this.draw(false);
	}
}
