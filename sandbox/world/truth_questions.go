package world

// unanswered lists the parcels about which the carrier's system never sends an answer. Other questions are answered in the end.
func (w *witness) unanswered() TruthTable {
	t := table("marts.unanswered_questions", "source ask", "subject outcome _built_at")
	for _, k := range w.orders {
		for _, p := range k.parcels {
			if told, ok := w.parcels[p.key()]; ok && told.spoilt != NotSpoilt {
				t.add(told.carrier.Source, p.tracking, "parcel", "unusable", w.at.text())
			}
		}
	}
	return t
}
