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
	eye: "M1.5 8C3 5 5.2 3.5 8 3.5S13 5 14.5 8C13 11 10.8 12.5 8 12.5S3 11 1.5 8ZM8 6a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
	table: "M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6 3.5v9",
	chart: "M2.5 13.5h11M4 11V8M7 11V4M10 11V6.5M13 11V3",
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
	dice: "M3 3h10v10H3zM5.7 5.7h.1M10.3 5.7h.1M8 8h.1M5.7 10.3h.1M10.3 10.3h.1",
	wide: "M2 5h12v6H2z",
	tall: "M5 2h6v12H5z",
	star: "M8 2l1.8 3.8 4.2.6-3 2.9.7 4.2L8 11.5l-3.7 2 .7-4.2-3-2.9 4.2-.6L8 2Z",
	sound: "M2.5 6v4H5l3.5 3V3L5 6H2.5ZM11 5.5c1 1.2 1 3.8 0 5M12.8 4c2 2.2 2 5.8 0 8",
	upload: "M8 10.5V3M5 5.5 8 2.5l3 3M3 13.5h10",
	bell: "M8 2.5a3.5 3.5 0 0 0-3.5 3.5v3L3 11.5h10L11.5 9V6A3.5 3.5 0 0 0 8 2.5ZM6.8 13.5h2.4",
	person: "M8 2.8a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2ZM3 13.5c.4-2.6 2.4-4 5-4s4.6 1.4 5 4",
	key: "M5.5 7.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM7.7 8.4 13 3M11 5l2 2",
	heart: "M8 13.3 2.9 8.2a3.2 3.2 0 0 1 4.5-4.5l.6.6.6-.6a3.2 3.2 0 0 1 4.5 4.5L8 13.3Z",
	more: "M3 7.2a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6ZM8 7.2a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6ZM13 7.2a.8.8 0 1 0 0 1.6.8.8 0 0 0 0-1.6Z",
	expand: "M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9",
	variations: "M2.5 2.5h5v5h-5zM9 2.5h4.5V7M13.5 9v4.5H9M2.5 9v4.5H7",
	branch: "M4.5 2.5v11M4.5 9c0-2.5 7-1 7-4.5V2.5M9.5 4.5l2-2 2 2",
	filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
	tiles: "M2.5 3h5v4.5h-5zM9.5 3h4v4.5h-4zM2.5 9.5h3.5V13H2.5zM8 9.5h5.5V13H8z",
	lines: "M2.5 4h.1M5 4h8.5M2.5 8h.1M5 8h8.5M2.5 12h.1M5 12h8.5",
	compare: "M8 2v12M2.5 4h3v8h-3M13.5 4h-3v8h3",
	divider: "M2.5 3.5h11v9h-11zM8 2v12",
	back: "M10 3 5 8l5 5",
	next: "M6 3l5 5-5 5",
	minus: "M3 8h10",
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
