package lake

const journalRoot = "journal"
