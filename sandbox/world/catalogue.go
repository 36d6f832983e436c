package world

import "fmt"

// item is one SKU of a brand. Prices are minor units of the brand's currency, VAT included; cost is without VAT.
type item struct {
	sku, name, ean string
	price, cost    int64
	variant        int64
}

// catalogue is what a brand sells, and beside it what is sold out.
func catalogue(b *brand) (stocked, soldOut []*item) {
	for i, st := range b.Range {
		for j, size := range st.Sizes {
			n := b.no*100_000 + i*100 + j
			it := &item{
				sku: fmt.Sprintf("%s-%s-%s", b.Prefix, st.No, size), name: st.Name + " " + size, ean: ean13(5_012_300_000_00 + int64(n)),
				price: st.Price, cost: st.Price * 37 / 120, variant: 41_000_000_000_000 + int64(n),
			}
			if st.SoldOut {
				soldOut = append(soldOut, it)
			} else {
				stocked = append(stocked, it)
			}
		}
	}
	return stocked, soldOut
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
