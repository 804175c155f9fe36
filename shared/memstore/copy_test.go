package memstore

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"rouse/shared/incident"
	"rouse/shared/loop"
	"rouse/shared/reach"
	"rouse/shared/record"
)

// A field that is added to a record must be copied too, if it refers to
// anything.
func TestCopiesShareNothing(t *testing.T) {
	for _, c := range []struct{ of, is any }{
		copied(copyIncident),
		copied(copySignal),
		copied(copyReporter),
		copied(copyRest),
		copied(copyCode),
	} {
		if !reflect.DeepEqual(c.of, c.is) {
			t.Errorf("the copy of a %T differs", c.of)
		}
		for _, path := range shared(reflect.ValueOf(c.of), reflect.ValueOf(c.is)) {
			t.Errorf("the copy of a %T shares%s with it", c.of, path)
		}
	}
}

// What is copied by assignment must refer to nothing.
func TestPlainRecordsStayPlain(t *testing.T) {
	for _, v := range []any{loop.LivePage{}, loop.Grant{}, incident.Event{}, record.Thread{}, record.Notice{}, reach.Fact{}, loop.Circuit{}} {
		full := reflect.New(reflect.TypeOf(v)).Elem()
		fill(full)
		for _, path := range shared(full, full) {
			t.Errorf("%T%s refers to memory: copy it wherever the store takes or gives one", v, path)
		}
	}
}

func copied[T any](clone func(T) T) struct{ of, is any } {
	var v T
	fill(reflect.ValueOf(&v).Elem())
	return struct{ of, is any }{v, clone(v)}
}

// fill leaves nothing nil or empty in v.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key)
		fill(value)
		v.SetMapIndex(key, value)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(1, 1)))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	default:
		panic("no way to fill a " + v.Kind().String())
	}
}

// shared lists the places at which a and b refer to the same memory.
func shared(a, b reflect.Value) (paths []string) {
	below := func(name string, a, b reflect.Value) {
		for _, p := range shared(a, b) {
			paths = append(paths, name+p)
		}
	}
	switch a.Kind() {
	case reflect.Pointer:
		if a.Pointer() == b.Pointer() {
			return []string{""}
		}
		below("", a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Pointer() == b.Pointer() {
			return []string{"[]"}
		}
		for i := range a.Len() {
			below(fmt.Sprintf("[%d]", i), a.Index(i), b.Index(i))
		}
	case reflect.Map:
		if a.Pointer() == b.Pointer() {
			return []string{"[]"}
		}
		for _, k := range a.MapKeys() {
			below(fmt.Sprintf("[%v]", k), a.MapIndex(k), b.MapIndex(k))
		}
	case reflect.Struct:
		for i := range a.NumField() {
			if f := a.Type().Field(i); f.Type != reflect.TypeFor[time.Time]() {
				below("."+f.Name, a.Field(i), b.Field(i))
			}
		}
	}
	return paths
}
