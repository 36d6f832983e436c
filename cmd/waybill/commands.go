package main

import "github.com/spf13/cobra"

// commands is every command, in the order of its use.
func commands(l *commandLine) []*cobra.Command {
	return []*cobra.Command{
		newRun(l), newPlan(l), newBuild(l), newCheck(l), newTest(l),
		newInit(l), newDoctor(l), newModels(l), newFiles(l), newTry(l), newInfer(l), newRejects(l), newTrace(l), newQuery(l), newChanges(l), newState(l),
		newVerify(l), newRebuild(l), newAdopt(l), newForget(l), newServe(l), newDemo(l),
	}
}
