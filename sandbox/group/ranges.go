package group

import "github.com/fourmarketing/waybill/sandbox/world"

// What the brands sell. Some names carry what breaks careless readers: quotes, commas, letters beyond ASCII.

func letters() []string { return []string{"XS", "S", "M", "L", "XL"} }

func ukSizes() []string { return []string{"8", "10", "12", "14", "16"} }

func asterVale() []world.Style {
	return []world.Style{
		{No: "1043", Name: "Linen shirt, relaxed", Price: 6500, Sizes: letters()},
		{No: "1051", Name: `"Camden" crew tee`, Price: 2800, Sizes: letters()},
		{No: "1067", Name: "Café stripe top", Price: 3400, Sizes: letters()},
		{No: "1102", Name: "Pleated midi skirt", Price: 7900, Sizes: ukSizes()},
		{No: "1118", Name: "Belted trench, stone", Price: 18500, Sizes: ukSizes()},
		{No: "1130", Name: "Wool scarf\nGift boxed", Price: 4500, Sizes: []string{"OS"}},
		{No: "1144", Name: "Tote with £ charm", Price: 1950, Sizes: []string{"OS"}},
		{No: "1160", Name: "Merino roll neck", Price: 8900, Sizes: letters()},
		{No: "1171", Name: "Ponte trouser", Price: 6900, Sizes: ukSizes()},
		{No: "1188", Name: "Sateen camisole", Price: 3900, Sizes: letters()},
		{No: "1195", Name: "Shearling mitten", Price: 6900, Sizes: []string{"S/M", "L/XL"}, SoldOut: true},
	}
}

func hartRowe() []world.Style {
	return []world.Style{
		{No: "3301", Name: "Selvedge jean", Price: 11500, Sizes: []string{"30/32", "32/32", "32/34", "34/34"}},
		{No: "3310", Name: "Oxford shirt, button-down", Price: 5900, Sizes: letters()},
		{No: "3322", Name: `Chino 9" short`, Price: 4900, Sizes: []string{"30", "32", "34"}},
		{No: "3345", Name: "Waxed jacket", Price: 22500, Sizes: letters()},
		{No: "3350", Name: "Knitted tie", Price: 2900, Sizes: []string{"OS"}},
		{No: "3361", Name: "Crewneck sweat", Price: 6500, Sizes: letters()},
		{No: "3377", Name: "Chelsea boot, tan", Price: 14500, Sizes: []string{"7", "8", "9", "10"}},
		{No: "3390", Name: "Sock 3-pack", Price: 1600, Sizes: []string{"6-8", "9-11"}},
		{No: "3398", Name: "Harris tweed cap", Price: 5500, Sizes: []string{"57", "59"}, SoldOut: true},
	}
}

func norreStudio() []world.Style {
	return []world.Style{
		{No: "2201", Name: "Ribkjole lang", Price: 12900, Sizes: []string{"S/M", "L/XL"}},
		{No: "2214", Name: "Strikbluse Åse", Price: 9900, Sizes: []string{"S/M", "L/XL"}},
		{No: "2230", Name: "Jakke i økologisk uld", Price: 24900, Sizes: []string{"36", "38", "40", "42"}},
		{No: "2241", Name: "T-shirt Nørre", Price: 3900, Sizes: letters()},
		{No: "2255", Name: "Satinnederdel", Price: 8900, Sizes: []string{"36", "38", "40"}},
		{No: "2260", Name: "Uldhalstørklæde", Price: 5900, Sizes: []string{"OS"}},
		{No: "2278", Name: "Bukser med brede ben", Price: 10900, Sizes: []string{"36", "38", "40", "42"}},
	}
}

func pellMill() []world.Style {
	return []world.Style{
		{No: "410", Name: "Lambswool jumper", Price: 8500, Sizes: letters()},
		{No: "422", Name: "Cable cardigan", Price: 11000, Sizes: letters()},
		{No: "431", Name: "Fair Isle vest", Price: 7200, Sizes: letters()},
		{No: "440", Name: "Corduroy skirt", Price: 5800, Sizes: ukSizes()},
		{No: "456", Name: "Quilted gilet", Price: 9400, Sizes: letters()},
		{No: "463", Name: "Beret, crème", Price: 2600, Sizes: []string{"OS"}},
		{No: "470", Name: "Flannel pyjama set", Price: 6400, Sizes: []string{"S/M", "L/XL"}},
		{No: "485", Name: "Cashmere glove", Price: 4800, Sizes: []string{"S/M", "L/XL"}},
		{No: "491", Name: "Merino snood", Price: 3900, Sizes: []string{"OS"}, SoldOut: true},
	}
}

func oxbowLark() []world.Style {
	return []world.Style{
		{No: "610", Name: "Gansey, undyed", Price: 9800, Sizes: letters()},
		{No: "618", Name: "Fisherman's smock", Price: 7600, Sizes: letters()},
		{No: "625", Name: "Moleskin trouser", Price: 8400, Sizes: ukSizes()},
		{No: "633", Name: "Tin mug & spoon", Price: 1800, Sizes: []string{"OS"}},
		{No: "640", Name: "Lambswool rug, <reversible>", Price: 12500, Sizes: []string{"OS"}},
		{No: "652", Name: "Overshirt, \"Lark\"", Price: 6900, Sizes: letters()},
		{No: "660", Name: "Guernsey hat", Price: 2900, Sizes: []string{"OS"}, SoldOut: true},
	}
}
