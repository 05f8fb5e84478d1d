import CommandLineTools
import Foundation

exit(MemdiffCommand.main(CommandLine.arguments))
