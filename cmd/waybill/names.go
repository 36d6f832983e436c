package main

import (
	"fmt"
	"strings"

	"github.com/fourmarketing/waybill"
)

// parseTable reads raw.wms_despatch.
func parseTable(text string) (waybill.TableName, error) {
	ns, name, ok := strings.Cut(text, ".")
	if !ok || ns == "" || name == "" {
		return waybill.TableName{}, fmt.Errorf("%w: %q is no table such as raw.wms_despatch; `waybill state tables` lists them", errUsage, text)
	}
	return waybill.TableName{Namespace: ns, Name: name}, nil
}
