import CommandLineTools
import Foundation

exit(RewriteCommand.main(CommandLine.arguments))
