package memstore_test

import (
	"testing"

	"rouse/shared/memstore"
	"rouse/test/contract"
)

func TestContract(t *testing.T) {
	contract.Test(t, func(*testing.T) contract.Store { return memstore.New() })
}
