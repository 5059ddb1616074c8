// What leads to the batches.

export const BATCH_WAYS = Object.freeze({
	batches: "Batches",
	batchesTitle: "Batches: many jobs from a table",
	many: "Many at once",
	manyTitle: "Many jobs from a table, each made as the form says",
});
