// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

func dockerfile(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// userOfImage returns the user that the Dockerfile sets.
func userOfImage(t *testing.T) int64 {
	t.Helper()
	match := regexp.MustCompile(`(?m)^USER (\d+):(\d+)$`).FindStringSubmatch(dockerfile(t))
	if match == nil || match[1] != match[2] {
		t.Fatalf("the Dockerfile sets no user and group: %q", match)
	}
	user, err := strconv.ParseInt(match[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// TestTheImageIsBuiltFromNothing keeps the build off registries.
func TestTheImageIsBuiltFromNothing(t *testing.T) {
	text := dockerfile(t)
	if froms := regexp.MustCompile(`(?m)^FROM .*$`).FindAllString(text, -1); len(froms) != 1 || froms[0] != "FROM scratch" {
		t.Errorf("got %q, want FROM scratch alone", froms)
	}
	if strings.Contains(text, "syntax=") {
		t.Error("names a frontend, which has to be pulled")
	}
}

// TestTheProgramNeedsNothingAroundIt runs the manager as the pod of config/default does: in a file system that holds nothing
// but the program, as a user that may write to the volumes alone, with the pod's flags and ServiceAccount.
func TestTheProgramNeedsNothingAroundIt(t *testing.T) {
	manifests := build(t, "config/default")
	apply(t, manifests)
	pod := workloads(t, manifests)[0]
	image := newImage(t, "var/lib/order-operator", "tmp")
	writeKubeconfig(t, filepath.Join(image, "kubeconfig"), pod.pod.Spec.ServiceAccountName)

	probe := freeAddress(t)
	arguments := append(slices.Clone(pod.manager().Args),
		"--health-probe-bind-address="+probe, "--metrics-bind-address="+freeAddress(t),
		"--kubeconfig=/kubeconfig", "--zap-time-encoding=rfc3339")
	var log strings.Builder
	command := exec.CommandContext(t.Context(), "/manager", arguments...)
	command.Env = []string{"TZ=Asia/Tokyo"}
	command.Stdout, command.Stderr = &log, &log
	command.SysProcAttr = confined(t, image)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	err := waitReady(t, "http://"+probe+"/readyz", ended)
	if err == nil {
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		err = <-ended
	}
	if err != nil {
		t.Fatalf("the manager: %v\n%s", err, log.String())
	}
	if !strings.Contains(log.String(), "+09:00") { // Tokyo's time zone is nowhere but in the program
		t.Errorf("the log does not tell Tokyo's time:\n%s", log.String())
	}
	if _, err := os.Stat(filepath.Join(image, "var/lib/order-operator/events.db")); err != nil {
		t.Error(err)
	}
}

// newImage returns a folder with the program, which others may read and nobody may write to, save to its given folders.
func newImage(t *testing.T, folders ...string) string {
	t.Helper()
	image := t.TempDir()
	program, err := os.ReadFile(manager)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(image, "manager"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		path := filepath.Join(image, folder)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o777); err != nil { // whatever the umask: as volumes with an fsGroup are
			t.Fatal(err)
		}
	}
	if err := os.Chmod(image, 0o755); err != nil {
		t.Fatal(err)
	}
	return image
}

// confined has a process see the folder alone, as the image's user. Who is not root becomes that user in a user namespace.
func confined(t *testing.T, folder string) *syscall.SysProcAttr {
	t.Helper()
	user := int(userOfImage(t))
	attributes := &syscall.SysProcAttr{
		Chroot: folder, Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user), NoSetGroups: true},
	}
	if os.Geteuid() != 0 {
		attributes.Cloneflags = syscall.CLONE_NEWUSER
		attributes.UidMappings = []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Geteuid(), Size: 1}}
		attributes.GidMappings = []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getegid(), Size: 1}}
	}
	return attributes
}

// writeKubeconfig writes a kubeconfig of the ServiceAccount, which all may read.
func writeKubeconfig(t *testing.T, path, account string) {
	t.Helper()
	token, err := clients.CoreV1().ServiceAccounts(own).CreateToken(t.Context(), account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[account] = &clientcmdapi.Cluster{
		Server: environment.Config.Host, CertificateAuthorityData: environment.Config.CAData,
	}
	config.AuthInfos[account] = &clientcmdapi.AuthInfo{Token: token.Status.Token}
	config.Contexts[account] = &clientcmdapi.Context{Cluster: account, AuthInfo: account, Namespace: own}
	config.CurrentContext = account
	content, err := clientcmd.Write(*config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// waitReady waits until the manager says that it is ready. It returns how the manager has ended, if it ends before.
func waitReady(t *testing.T, url string, ended <-chan error) error {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	patience := time.After(time.Minute)
	for {
		if response, err := http.Get(url); err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-ended:
			return err
		case <-patience:
			return errors.New("it is not ready after a minute")
		case <-tick.C:
		}
	}
}
