// CoreDNS with the few plugins that a cluster of tests needs: all of them would be half an hour of downloads and compiling.
//
// There is no cache: a test that has just made a Service must find it.
package main

import (
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/template"

	"github.com/coredns/coredns/coremain"
)

func main() { coremain.Run() }
