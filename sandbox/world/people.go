package world

// place is a town with a postcode district; n is completed with letters.
type place struct{ country, zip, city string }

func townsGB() []place {
	return []place{
		{"GB", "LS6 3HN", "Leeds"},
		{"GB", "M20 2RL", "Manchester"},
		{"GB", "SE15 4QT", "London"},
		{"GB", "N16 8AD", "London"},
		{"GB", "BS3 1JP", "Bristol"},
		{"GB", "NE2 4AB", "Newcastle upon Tyne"},
		{"GB", "CF11 9PQ", "Cardiff"},
		{"GB", "NR2 3AF", "Norwich"},
		{"GB", "BN3 2FA", "Hove"},
		{"GB", "SW11 5TU", "London"},
		{"GB", "OX4 1HU", "Oxford"},
		{"GB", "GL50 1UL", "Cheltenham"},
		{"GB", "S11 8TE", "Sheffield"},
		{"GB", "L18 1DG", "Liverpool"},
		{"GB", "B14 7HE", "Birmingham"},
	}
}

func townsElsewhereGB() []place {
	return []place{
		{"GB", "EH10 4BF", "Edinburgh"},
		{"GB", "G12 8QQ", "Glasgow"},
		{"GB", "AB25 1UH", "Aberdeen"},
		{"GB", "IV2 3PW", "Inverness"},
		{"GB", "BT9 5AB", "Belfast"},
		{"GB", "BT48 7NL", "Derry"},
	}
}

func townsNL() []place {
	return []place{
		{"NL", "1017 CA", "Amsterdam"},
		{"NL", "3511 LX", "Utrecht"},
		{"NL", "5611 EM", "Eindhoven"},
		{"NL", "2513 AA", "Den Haag"},
		{"NL", "9711 LM", "Groningen"},
		{"NL", "3011 HE", "Rotterdam"},
		{"NL", "6211 LE", "Maastricht"},
	}
}

func firstNames() []string {
	return []string{"Amelia", "Olivia", "Zoë", "José", "Harriet", "Tom", "Priya", "Chloé", "Jürgen", "Sanne", "Daan", "Fatima", "Rhys", "Niamh", "Björn", "Grace", "Callum", "Renée"}
}

func lastNames() []string {
	return []string{"Smith", "O'Neill", "Müller", "de Vries", "Jansen", "Patel", "Evans", "García", "Walker-Hughes", "Brontë", "Khan", "van den Berg", "Taylor", "McLeod", "Sørensen"}
}

func returnReasons() []string {
	return []string{"size_too_small", "size_too_large", "unwanted", "not_as_described", "color", "style", "defective"}
}

func returnNotes() []string {
	return []string{
		"", "", "", "Too small across the shoulders", "Lovely, but not my colour", `Label says "M", fits like an S`,
		"Arrived after the party,\nno longer needed", "I paid £3.95 for express, please refund it", "Très joli mais trop grand",
	}
}
