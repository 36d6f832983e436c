package world

import "fmt"

// item is one SKU of a brand. Prices are minor units of the brand's currency, VAT included; cost is without VAT.
type item struct {
	sku, name, ean string
	price, cost    int64
	variant        int64
}

type style struct {
	no    string
	name  string
	price int64
	sizes []string
}

// catalogue is what a brand sells. Some names carry what breaks careless readers: quotes, commas, letters beyond ASCII.
func catalogue(b *brand) []*item {
	var out []*item
	for i, st := range stylesOf(b.Prefix) {
		for j, size := range st.sizes {
			n := b.no*100_000 + i*100 + j
			out = append(out, &item{
				sku: fmt.Sprintf("%s-%s-%s", b.Prefix, st.no, size), name: st.name + " " + size, ean: ean13(5_012_300_000_00 + int64(n)),
				price: st.price, cost: st.price * 37 / 120, variant: 41_000_000_000_000 + int64(n),
			})
		}
	}
	return out
}

func stylesOf(prefix string) []style {
	letters := []string{"XS", "S", "M", "L", "XL"}
	uk := []string{"8", "10", "12", "14", "16"}
	switch prefix {
	case "AV":
		return []style{
			{"1043", "Linen shirt, relaxed", 6500, letters},
			{"1051", `"Camden" crew tee`, 2800, letters},
			{"1067", "Café stripe top", 3400, letters},
			{"1102", "Pleated midi skirt", 7900, uk},
			{"1118", "Belted trench, stone", 18500, uk},
			{"1130", "Wool scarf\nGift boxed", 4500, []string{"OS"}},
			{"1144", "Tote with £ charm", 1950, []string{"OS"}},
			{"1160", "Merino roll neck", 8900, letters},
			{"1171", "Ponte trouser", 6900, uk},
			{"1188", "Sateen camisole", 3900, letters},
		}
	case "HR":
		return []style{
			{"3301", "Selvedge jean", 11500, []string{"30/32", "32/32", "32/34", "34/34"}},
			{"3310", "Oxford shirt, button-down", 5900, letters},
			{"3322", `Chino 9" short`, 4900, []string{"30", "32", "34"}},
			{"3345", "Waxed jacket", 22500, letters},
			{"3350", "Knitted tie", 2900, []string{"OS"}},
			{"3361", "Crewneck sweat", 6500, letters},
			{"3377", "Chelsea boot, tan", 14500, []string{"7", "8", "9", "10"}},
			{"3390", "Sock 3-pack", 1600, []string{"6-8", "9-11"}},
		}
	case "NS":
		return []style{
			{"2201", "Ribkjole lang", 12900, []string{"S/M", "L/XL"}},
			{"2214", "Strikbluse Åse", 9900, []string{"S/M", "L/XL"}},
			{"2230", "Jakke i økologisk uld", 24900, []string{"36", "38", "40", "42"}},
			{"2241", "T-shirt Nørre", 3900, letters},
			{"2255", "Satinnederdel", 8900, []string{"36", "38", "40"}},
			{"2260", "Uldhalstørklæde", 5900, []string{"OS"}},
			{"2278", "Bukser med brede ben", 10900, []string{"36", "38", "40", "42"}},
		}
	}
	return []style{
		{"410", "Lambswool jumper", 8500, letters},
		{"422", "Cable cardigan", 11000, letters},
		{"431", "Fair Isle vest", 7200, letters},
		{"440", "Corduroy skirt", 5800, uk},
		{"456", "Quilted gilet", 9400, letters},
		{"463", "Beret, crème", 2600, []string{"OS"}},
		{"470", "Flannel pyjama set", 6400, []string{"S/M", "L/XL"}},
		{"485", "Cashmere glove", 4800, []string{"S/M", "L/XL"}},
	}
}

// ean13 adds GS1's check digit to 12 digits.
func ean13(n int64) string {
	s, sum := fmt.Sprintf("%012d", n), 0
	for i, c := range s {
		d := int(c - '0')
		if i%2 == 1 {
			d *= 3
		}
		sum += d
	}
	return s + string(rune('0'+(10-sum%10)%10))
}
