// The icons, as strokes on a 16 px grid.

const SPACE = "http://www.w3.org/2000/svg";

const CIRCLE = "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z";
/** @type {Record<string, string>} */
const PATHS = {
	clock: `${CIRCLE}M8 5v3l2 1.5`,
	pen: "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3 3 13ZM9.3 4.4l2.3 2.3",
	send: "M8 13V3.5M4 7l4-4 4 4",
	question: "M8 1.8 14.2 8 8 14.2 1.8 8 8 1.8ZM6.6 6.6a1.4 1.4 0 1 1 2 1.3c-.4.2-.6.5-.6.9M8 10.8v.1",
	ring: "M8 2.5A5.5 5.5 0 1 1 2.5 8",
	check: "M3 8.5 6.5 12 13 4.5",
	cross: "M4 4l8 8M12 4l-8 8",
	slash: `${CIRCLE}M4.2 11.8l7.6-7.6`,
	hourglass: "M4.5 2.5h7M4.5 13.5h7M5.5 2.5v2.2L8 8l-2.5 3.3v2.2M10.5 2.5v2.2L8 8l2.5 3.3v2.2",
	square: "M4 4h8v8H4z",
	sparkle: "M8 2l1.5 4.5L14 8l-4.5 1.5L8 14l-1.5-4.5L2 8l4.5-1.5L8 2Z",
	retry: "M12.8 6A5 5 0 1 0 13 9M13 2.8V6H9.8",
	copy: "M6 6h7v7H6zM3 10V3h7",
	reuse: "M3 8h8M8 4.5 11.5 8 8 11.5M13.5 3v10",
	image: "M2.5 3.5h11v9h-11zM5.2 6.5h.1M2.5 11l3.3-3 2.4 2 2-1.8 3.3 2.8",
	video: "M2.5 4h8v8h-8zM10.5 7l3-2v6l-3-2",
	download: "M8 2.5V10M5 7.5 8 10.5l3-3M3 13.5h10",
	external: "M6.5 3.5h-3v9h9v-3M9 3h4v4M13 3 7.5 8.5",
	pause: "M5.5 3.5v9M10.5 3.5v9",
	play: "M5 3.5v9l7-4.5-7-4.5Z",
	search: "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4ZM10.2 10.2 13.5 13.5",
	plus: "M8 3v10M3 8h10",
	warning: "M8 2.5 14 13H2L8 2.5ZM8 6.5v3M8 11.2v.1",
	info: `${CIRCLE}M8 7.3v3.5M8 5.2v.1`,
	theme: "M8 2.5a5.5 5.5 0 1 0 0 11V2.5Z",
	bin: "M3 4.5h10M6 4.5v-2h4v2M4.5 4.5l.6 9h5.8l.6-9",
	undo: "M3 6.5h6.5a3 3 0 0 1 0 6H6M3 6.5l3-3M3 6.5l3 3",
	inbox: "M2.5 9l2-5.5h7l2 5.5v3.5h-11V9ZM2.5 9H6c0 1.2.8 2 2 2s2-.8 2-2h3.5",
	down: "M4 6l4 4 4-4",
	upload: "M8 10.5V3M5 5.5 8 2.5l3 3M3 13.5h10",
	person: "M8 2.8a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2ZM3 13.5c.4-2.6 2.4-4 5-4s4.6 1.4 5 4",
	key: "M5.5 7.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM7.7 8.4 13 3M11 5l2 2",
	thumb: "M2.5 7h2v6h-2zM4.5 7.5 7.2 2.5c1 0 1.6.8 1.4 1.8L8.2 6.5h4.2c.8 0 1.3.7 1.1 1.5l-1 4c-.2.6-.6 1-1.2 1H4.5",
};

/** @param {string} name */
export function icon(name) {
	const svg = document.createElementNS(SPACE, "svg");
	svg.setAttribute("viewBox", "0 0 16 16");
	svg.setAttribute("class", `icon icon-${name}`);
	svg.setAttribute("aria-hidden", "true");
	const path = document.createElementNS(SPACE, "path");
	path.setAttribute("d", PATHS[name]);
	svg.append(path);
	return svg;
}
