import CommandLineTools
import Foundation

exit(RunCommand.main(CommandLine.arguments))
