// Copyright The EventCore Order Operator Authors.
// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Kind is a cluster that kind has made: its nodes are containers of this machine, so that what is on their disks can be
// read, and what runs on them can be killed.
type Kind struct {
	*Cluster
	// Name is the cluster's, by which kind knows it.
	Name string
}

// ConnectKind returns the cluster of the name, which must run.
func ConnectKind(name string, options ClusterOptions) (*Kind, error) {
	cluster, err := Connect("kind-"+name, options)
	if err != nil {
		return nil, err
	}
	return &Kind{Cluster: cluster, Name: name}, nil
}

// Kubectl runs kubectl for the cluster and returns what it prints. The error repeats what it says.
func (k *Kind) Kubectl(ctx context.Context, arguments ...string) (string, error) {
	return command(ctx, nil, "kubectl", append([]string{"--context", "kind-" + k.Name}, arguments...)...)
}

// KubectlApply applies the manifests that the text holds, with the further arguments.
func (k *Kind) KubectlApply(ctx context.Context, manifests string, arguments ...string) error {
	arguments = append([]string{"--context", "kind-" + k.Name, "apply", "-f", "-"}, arguments...)
	_, err := command(ctx, []byte(manifests), "kubectl", arguments...)
	return err
}

// Kill ends the pod's container by SIGKILL, as the kernel does when memory runs out. The kubelet starts another one.
func (k *Kind) Kill(ctx context.Context, namespace, pod string) error {
	printed, err := k.Kubectl(ctx, "get", "pod", pod, "--namespace", namespace, "--output", "json")
	if err != nil {
		return err
	}
	var p corev1.Pod
	if err := json.Unmarshal([]byte(printed), &p); err != nil {
		return fmt.Errorf("read pod %s: %w", pod, err)
	}
	if len(p.Status.ContainerStatuses) != 1 || p.Status.ContainerStatuses[0].State.Running == nil {
		return fmt.Errorf("kill pod %s: it does not have one container that runs", pod)
	}
	_, id, _ := strings.Cut(p.Status.ContainerStatuses[0].ContainerID, "://")
	_, err = k.onNode(ctx, p.Spec.NodeName, "ctr", "--namespace", "k8s.io", "task", "kill", "--signal", "SIGKILL", id)
	return err
}

// CopyFiles copies the files of a volume whose names begin so into the folder, as they are while nobody writes to them.
// They are read again until two copies in a row are equal, and until ctx ends.
func (k *Kind) CopyFiles(ctx context.Context, namespace, claim, prefix, folder string) error {
	node, volume, err := k.volume(ctx, namespace, claim)
	if err != nil {
		return fmt.Errorf("find the volume of claim %s: %w", claim, err)
	}
	const archive = `cd "$0" && tar --create --exclude='*-shm' "$1"* || test $? = 1` // 1: a file changed while it was read
	before := ""
	for ctx.Err() == nil {
		now, err := k.onNode(ctx, node, "sh", "-c", archive, volume, prefix)
		if err != nil {
			return err
		}
		if now == before {
			return unpack(now, folder)
		}
		before = now
	}
	return fmt.Errorf("copy %s of claim %s: somebody keeps writing to it: %w", prefix, claim, context.Cause(ctx))
}

// RemoveFiles removes the files of a volume whose names begin so.
func (k *Kind) RemoveFiles(ctx context.Context, namespace, claim, prefix string) error {
	node, volume, err := k.volume(ctx, namespace, claim)
	if err != nil {
		return fmt.Errorf("find the volume of claim %s: %w", claim, err)
	}
	_, err = k.onNode(ctx, node, "sh", "-c", `rm -f "$0/$1"*`, volume, prefix)
	return err
}

// PutFile copies a file of this machine to a volume, where the operator's user owns it.
func (k *Kind) PutFile(ctx context.Context, file, namespace, claim, name string) error {
	node, volume, err := k.volume(ctx, namespace, claim)
	if err != nil {
		return fmt.Errorf("find the volume of claim %s: %w", claim, err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	_, err = command(ctx, content, "docker", "exec", "--interactive", node,
		"sh", "-c", `cat >"$0/$1" && chown 65532:65532 "$0/$1"`, volume, name)
	return err
}

// unpack writes the files of a tar archive into the folder.
func unpack(archive, folder string) error {
	reader := tar.NewReader(strings.NewReader(archive))
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		content, err := io.ReadAll(reader)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(header.Name)), content, 0o600); err != nil {
			return err
		}
	}
}

// volume returns the node and the folder that the claim's volume is.
func (k *Kind) volume(ctx context.Context, namespace, claim string) (node, folder string, err error) {
	name, err := k.Kubectl(ctx, "get", "pvc", claim, "--namespace", namespace, "--output", "jsonpath={.spec.volumeName}")
	if err != nil {
		return "", "", err
	}
	printed, err := k.Kubectl(ctx, "get", "pv", name, "--output", "json")
	if err != nil {
		return "", "", err
	}
	var volume corev1.PersistentVolume
	if err := json.Unmarshal([]byte(printed), &volume); err != nil {
		return "", "", err
	}
	switch {
	case volume.Spec.HostPath != nil:
		folder = volume.Spec.HostPath.Path
	case volume.Spec.Local != nil:
		folder = volume.Spec.Local.Path
	default:
		return "", "", errors.New("it is no folder of a node")
	}
	affinity := volume.Spec.NodeAffinity
	if affinity == nil || affinity.Required == nil || len(affinity.Required.NodeSelectorTerms) != 1 {
		return "", "", errors.New("it does not say which node it is on")
	}
	for _, expression := range affinity.Required.NodeSelectorTerms[0].MatchExpressions {
		if expression.Key == corev1.LabelHostname && len(expression.Values) == 1 {
			return expression.Values[0], folder, nil
		}
	}
	return "", "", errors.New("it does not say which node it is on")
}

// onNode runs a command on a node, which is a container of this machine.
func (k *Kind) onNode(ctx context.Context, node string, arguments ...string) (string, error) {
	return command(ctx, nil, "docker", append([]string{"exec", node}, arguments...)...)
}

func command(ctx context.Context, input []byte, name string, arguments ...string) (string, error) {
	run := exec.CommandContext(ctx, name, arguments...)
	var printed, said bytes.Buffer
	run.Stdin, run.Stdout, run.Stderr = bytes.NewReader(input), &printed, &said
	if err := run.Run(); err != nil {
		return printed.String(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, strings.TrimSpace(said.String()))
	}
	return printed.String(), nil
}
