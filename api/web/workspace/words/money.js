// What is said about spending and budgets.

export const MONEY = Object.freeze({
	dailyBudget: "daily budget",
	monthlyBudget: "monthly budget",
	budgetInAll: "budget in all",
	wholeInstallation: "the whole installation",
	today: "Today",
	month: "Month",
	/** @type {(budget: string, owner: string) => string} */
	budgetOf: (budget, owner) => `${budget} of ${owner}`,
	/** @type {(used: string, limit: string, budget: string) => string} */
	used: (used, limit, budget) => `${used} of ${limit}, the ${budget}`,
});
