package main

import "github.com/spf13/cobra"

// commands is every command, in the order of its use.
func commands(s *session) []*cobra.Command {
	return []*cobra.Command{
		newRun(s), newPlan(s), newBuild(s), newCheck(s), newTest(s),
		newInit(s), newDoctor(s), newFiles(s), newRejects(s), newTrace(s), newQuery(s), newState(s), newServe(s), newDemo(s),
	}
}
