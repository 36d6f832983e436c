package world

// place is a town with a postcode district; n is completed with letters.
// region is what carriers and shops tell apart in the country.
type place struct{ country, zip, city, region string }

const highlands = "highlands_islands"

func townsGB() []place {
	return []place{
		{"GB", "LS6 3HN", "Leeds", "mainland"},
		{"GB", "M20 2RL", "Manchester", "mainland"},
		{"GB", "SE15 4QT", "London", "mainland"},
		{"GB", "N16 8AD", "London", "mainland"},
		{"GB", "BS3 1JP", "Bristol", "mainland"},
		{"GB", "NE2 4AB", "Newcastle upon Tyne", "mainland"},
		{"GB", "CF11 9PQ", "Cardiff", "mainland"},
		{"GB", "NR2 3AF", "Norwich", "mainland"},
		{"GB", "BN3 2FA", "Hove", "mainland"},
		{"GB", "SW11 5TU", "London", "mainland"},
		{"GB", "OX4 1HU", "Oxford", "mainland"},
		{"GB", "GL50 1UL", "Cheltenham", "mainland"},
		{"GB", "S11 8TE", "Sheffield", "mainland"},
		{"GB", "L18 1DG", "Liverpool", "mainland"},
		{"GB", "B14 7HE", "Birmingham", "mainland"},
	}
}

func townsElsewhereGB() []place {
	return []place{
		{"GB", "EH10 4BF", "Edinburgh", "mainland"},
		{"GB", "G12 8QQ", "Glasgow", "mainland"},
		{"GB", "AB25 1UH", "Aberdeen", "mainland"},
		{"GB", "IV2 3PW", "Inverness", highlands},
		{"GB", "PA20 9AB", "Rothesay", highlands},
		{"GB", "AB36 8UJ", "Strathdon", highlands},
		{"GB", "ZE1 0AA", "Lerwick", highlands},
		{"GB", "BT9 5AB", "Belfast", "northern_ireland"},
		{"GB", "BT48 7NL", "Derry", "northern_ireland"},
	}
}

func townsNL() []place {
	return []place{
		{"NL", "1017 CA", "Amsterdam", ""},
		{"NL", "3511 LX", "Utrecht", ""},
		{"NL", "5611 EM", "Eindhoven", ""},
		{"NL", "2513 AA", "Den Haag", ""},
		{"NL", "9711 LM", "Groningen", ""},
		{"NL", "3011 HE", "Rotterdam", ""},
		{"NL", "6211 LE", "Maastricht", ""},
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
