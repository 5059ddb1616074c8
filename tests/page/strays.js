// Finds the texts in a module's source that people would read; they belong in `words/`.

import ts from "typescript";

const LETTER = /\p{L}/u;
/** What looks like words: two beside each other, a capitalised one, one beside a value, or the end of a sentence. */
const WORDS = /\p{L}[,;:.’)]? \(?\p{L}|^\p{Lu}[\p{Ll}’]|\p{Ll}:? $|^[,;]? \p{Ll}/u;
const SENTENCE = /\p{L}[.…?!]$/u;
/** What looks like them, and is none: names of keys, lists of selectors, options of curl. */
const CODE = /^Arrow(Left|Right|Up|Down)?$|^[a-z.:=()[\]-]+(, [a-z.:=()[\]-]+)+$|^-H ["']/;
/** What is shown as it is in every language: the beginning of an address, of a key's id, and durations. */
const NO_WORDS = /^https:\/\/…$|^ ?pm_…+$|^… (s|min|h|d)$|^… h … min$/;

/** The arguments that are shown, from this one on. */
const SHOWN_FROM = new Map(Object.entries({ el: 1, fill: 1, button: 2, callout: 2, append: 0, replaceChildren: 0, announce: 0, notify: 0, noteFinished: 0, confirm: 0, reportProblem: 0, menuOf: 0, field: 1, setText: 1, count: 1 }));
/** The arguments that are shown, by their places. */
const SHOWN = new Map(Object.entries({ iconButton: [1, 3], showAllowed: [1, 2], pictureOf: [1] }));
/** The arguments that nobody but a developer or a program reads. */
const HIDDEN = new Map(Object.entries({ el: [0], button: [0], iconButton: [0], querySelector: [0], querySelectorAll: [0], closest: [0, 1], part: [1], matches: [0], matchMedia: [0], Error: [0], get: [0], has: [0], includes: [0], startsWith: [0], endsWith: [0] }));
const SHOWN_PROPERTIES = new Set(["title", "aria-label", "aria-description", "aria-valuetext", "placeholder", "alt", "label", "textContent", "ariaLabel", "ariaDescription"]);
const HIDDEN_PROPERTIES = new Set(["rel", "class", "className", "transform", "d", "viewBox", "points"]);
/** What a query or a form's body is called: its names are no texts. */
const BODIES = new Set(["query", "body"]);

/**
 * Return the texts, with their lines; a value in a text is `…`.
 *
 * @param {string} source
 * @returns {{ line: number, text: string }[]}
 */
export function strays(source) {
	const file = ts.createSourceFile("module.js", source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
	const found = [];
	const visit = (node) => {
		const parts = partsOf(node);
		if (parts && !isName(node) && isRead(parts, placeOf(node))) found.push({ line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1, text: parts.join("…") });
		ts.forEachChild(node, visit);
	};
	visit(file);
	return found;
}

/** Return a literal's texts between its values; null for what is no literal. */
function partsOf(node) {
	if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
	return ts.isTemplateExpression(node) ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)] : null;
}

/** Return whether a literal stands for itself in the code: a module, a property, or something to compare with. */
function isName(node) {
	const { parent } = node;
	if (ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent) || ts.isCaseClause(parent) || ts.isElementAccessExpression(parent)) return true;
	if (ts.isPropertyAssignment(parent)) return parent.name === node;
	const { EqualsEqualsEqualsToken, ExclamationEqualsEqualsToken, InKeyword } = ts.SyntaxKind;
	return ts.isBinaryExpression(parent) && [EqualsEqualsEqualsToken, ExclamationEqualsEqualsToken, InKeyword].includes(parent.operatorToken.kind);
}

/**
 * @param {string[]} parts
 * @param {"shown" | "hidden" | null} place
 */
function isRead(parts, place) {
	const text = parts.join("…");
	if (place === "hidden" || NO_WORDS.test(text)) return false;
	if (place === "shown") return parts.some((part) => LETTER.test(part));
	return !CODE.test(text) && !text.startsWith("/") && (parts.some((part) => WORDS.test(part)) || SENTENCE.test(parts.at(-1) ?? ""));
}

/** Return whether a value goes where people see it, where they never do, or (null) where neither is known. */
function placeOf(node) {
	const { parent } = node;
	if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return placeInCall(parent, parent.arguments?.indexOf(node) ?? -1);
	if (ts.isPropertyAssignment(parent)) return placeInProperty(parent.name.text);
	if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) return ts.isPropertyAccessExpression(parent.left) ? placeInProperty(parent.left.name.text) : null;
	const passes = [ts.isConditionalExpression, ts.isBinaryExpression, ts.isParenthesizedExpression, ts.isSpreadElement, ts.isArrayLiteralExpression, ts.isTemplateExpression, ts.isTemplateSpan];
	return passes.some((is) => is(parent)) ? placeOf(parent) : null;
}

function placeInCall({ expression, arguments: given }, index) {
	const name = (ts.isPropertyAccessExpression(expression) ? expression.name : expression).text;
	// The function itself, such as `"…".replace`.
	if (index < 0) return null;
	if (HIDDEN.get(name)?.includes(index)) return "hidden";
	if (ts.isPropertyAccessExpression(expression) && BODIES.has(expression.expression.text)) return "hidden";
	if (name === "setAttribute") return index === given.length - 1 ? placeInProperty(given[index - 1].text) : "hidden";
	return index >= (SHOWN_FROM.get(name) ?? Infinity) || SHOWN.get(name)?.includes(index) ? "shown" : null;
}

function placeInProperty(name) {
	if (HIDDEN_PROPERTIES.has(name)) return "hidden";
	return SHOWN_PROPERTIES.has(name) ? "shown" : null;
}
