"""A model of Triton's Python backend that prepares photos with regcore.

Each request has photos (encoded JPEG, PNG, ...) as bytes, and gets them as an image model wants
them. All requests that the server hands over together become one batch, prepared on regcore's
threads without the GIL. A bad photo fails the request that it is in, and no other.
"""

import json

import numpy as np
import triton_python_backend_utils as pb_utils

from regcore import DecodeError, Preprocessor, Recipe

INPUT, OUTPUT = "PHOTO", "IMAGE"


class TritonPythonModel:
    """What the server loads; see https://github.com/triton-inference-server/python_backend."""

    def initialize(self, args):
        """Makes the preprocessor of this instance, and checks it against config.pbtxt."""
        config = json.loads(args["model_config"])
        values = {key: value["string_value"] for key, value in config["parameters"].items()}
        recipe = Recipe.parse(values["recipe"])
        output = pb_utils.get_output_config_by_name(config, OUTPUT)
        wanted = pb_utils.triton_string_to_numpy(output["data_type"]), tuple(output["dims"])
        given = recipe.numpy_dtype, recipe.image_shape
        if given != wanted:
            raise pb_utils.TritonModelException(f"the recipe gives {given}, {OUTPUT} is {wanted}")
        self.preprocessor = Preprocessor(recipe, workers=int(values["workers"]))

    def execute(self, requests):
        """One response for each request, in their order."""
        photos = [
            list(pb_utils.get_input_tensor_by_name(request, INPUT).as_numpy().reshape(-1))
            for request in requests
        ]
        try:
            images = self.preprocessor([photo for part in photos for photo in part])
        except DecodeError:
            return [self.respond_alone(part) for part in photos]
        ends = np.cumsum([len(part) for part in photos])
        return [respond(part) for part in np.split(images, ends[:-1])]

    def respond_alone(self, photos):
        """The response to a request that came together with a bad photo, or has one."""
        try:
            return respond(self.preprocessor(photos))
        except DecodeError as error:
            told = pb_utils.TritonError(f"photo {error.index} of the request: {error.detail}")
            return pb_utils.InferenceResponse(output_tensors=[], error=told)


def respond(images):
    """The response with these images."""
    return pb_utils.InferenceResponse(output_tensors=[pb_utils.Tensor(OUTPUT, images)])
