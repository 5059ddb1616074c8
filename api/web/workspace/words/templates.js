// What the page says about templates.

import { count } from "../core/format.js";

export const TEMPLATES = {
	title: "Templates",
	search: "Search templates",
	none: "No templates yet. Write {{words}} in braces where something changes, then save the form as one.",
	noneFound: "No template has this in its name.",
	save: "Save as template",
	saveForm: "Save the form…",
	saveNote: "Words in double braces, such as {{animal}}, are asked for each time it is used.",
	name: "Name",
	saveYes: "Save",
	taken: "You have a template of this name. Save again to replace it.",
	export: "Export",
	import: "Import…",
	close: "Close",
	rename: "Rename…",
	renameTitle: "Rename the template",
	renameYes: "Rename",
	delete: "Delete…",
	deleteYes: "Delete",
	deleteNote: "Jobs that were made from it stay.",
	fillYes: "Fill the form",
	notLoaded: "The templates could not be loaded.",
	notFilled: "The template could not be used.",
	notDeleted: "The template was not deleted.",
	notExported: "The templates were not exported.",
	notImported: "Nothing was imported.",
	notTemplates: "Nothing was imported: the file does not hold exported templates.",
	replaceTitle: "Replace the templates of the same names?",
	replaceYes: "Replace",
	exportName: "promptmill-templates.json",
	prompt: "{{prompt}}",
};

/** @param {string} name */
export const useLabel = (name) => `Use ${name}`;

/** @param {string} name */
export const moreLabel = (name) => `More about ${name}`;

/** @param {string} name */
export const deleteTitle = (name) => `Delete the template ${name}?`;

/** @param {string} name */
export const savedText = (name) => `Template saved: ${name}.`;

/** @param {string} name */
export const filledText = (name) => `The form was filled from ${name}.`;

/** @param {string[]} fields */
export const leftOut = (fields) => `The form has no place for ${fields.join(", ")}: only the API sends that.`;

/** @param {number} stored */
export const importedText = (stored) => `${count(stored, "template")} imported.`;
